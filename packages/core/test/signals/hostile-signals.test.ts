import { type Detector, definePlugin, type Signal, Type } from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import type { ActionRecord } from '../../src/signals/action-record.ts';
import { inlineHost, memoryNic, memoryVm } from '../given/inline-host.ts';
import { pass } from '../given/responders.ts';

const TTL_MS = 40;
const COOL_DOWN_MS = 15;
const BUDGET = { actions: 3, perMs: 100 };
/** Most that an action outlives its time by: responders have their turn once a millisecond. */
const SLACK_US = 2000;

/** VMs that an attacker has signs raised of now, and with what confidence. */
let signs: readonly (readonly [vm: number, confidence: number])[] = [];

/** Says at every window what the attacker has it say. */
const puppet = definePlugin({
  kind: 'detector',
  name: 'puppet',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: class implements Detector {
    observe = (): undefined => undefined;
    judge = (nowUs: number): readonly Signal[] =>
      signs.map(([vm, confidence]) => ({ kind: 'attack', vm, atUs: nowUs, confidence, evidence: {} }));
  },
});

async function attackedHost(): Promise<Host> {
  return inlineHost(
    {
      nics: [memoryNic('nic0')],
      vms: [memoryVm(0), memoryVm(1), memoryVm(2)],
      detectors: [{ use: 'puppet', windowMs: 5 }],
      signals: [
        {
          on: 'attack',
          ttlMs: TTL_MS,
          coolDownMs: COOL_DOWN_MS,
          escalateMs: 10,
          minConfidence: 0.5,
          allow: ['vm2'],
          budget: BUDGET,
          responders: [{ use: 'rate-limit', options: { inboundBps: 1e6 } }, { use: 'suspend' }],
        },
      ],
    },
    [puppet],
  );
}

const taken = (records: readonly ActionRecord[]): ActionRecord[] => records.filter(({ state }) => state !== 'withheld');

/** Most actions that were taken within the time of the budget. */
function mostWithinBudget(actions: readonly ActionRecord[]): number {
  const within = (from: number): number =>
    actions.filter(({ atUs }) => atUs >= from && atUs < from + BUDGET.perMs * 1000).length;
  return Math.max(0, ...actions.map(({ atUs }) => within(atUs)));
}

const step = fc.record({
  ms: fc.integer({ min: 1, max: 60 }),
  signs: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom(0.2, 0.6, 1)), { maxLength: 4 }),
});

describe('whatever signs an attacker has raised, coming and going as he likes', () => {
  it('the budget holds, every action ends in time, no VM is held twice without rest, and none is touched that is not to be', async () => {
    let all = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const host = await attackedHost();
        try {
          for (const { ms, signs: raised } of steps) {
            signs = raised;
            await pass(host, ms);
          }
          signs = [];
          await pass(host, TTL_MS + 10);
          const actions = taken(host.signals.history());
          all += actions.length;
          expect(mostWithinBudget(actions)).toBeLessThanOrEqual(BUDGET.actions);
          expect(host.signals.actions()).toEqual([]);
          for (const { atUs, endedAtUs = Number.POSITIVE_INFINITY } of actions)
            expect(endedAtUs - atUs).toBeLessThanOrEqual(TTL_MS * 1000 + SLACK_US);
          expect(actions.filter(({ vm }) => vm === 'vm2')).toEqual([]);
          expect(actions.filter(({ signal }) => signal.confidence < 0.5)).toEqual([]);
          for (const vm of ['vm0', 'vm1']) expectRest(actions.filter((action) => action.vm === vm));
          expect(host.vms.list().map(({ state }) => state)).toEqual(['running', 'running', 'running']);
          expect([...host.arena.vms.policedInboundBps]).toEqual([0, 0, 0]);
          host.assertConserved();
        } finally {
          await host.close();
        }
      }),
      { numRuns: 40, seed: 5 },
    );
    expect(all).toBeGreaterThan(100); // else nothing was tried
  }, 60_000);

  it('a sign that flickers holds a VM no more of the time than the chain allows', async () => {
    const host = await attackedHost();
    let suspendedMs = 0;
    for (let ms = 0; ms < 3000; ms++) {
      signs = ms % 11 < 6 ? [[0, 1]] : [];
      await pass(host, 1);
      if (host.vms.status('vm0').state === 'suspended') suspendedMs++;
    }
    const actions = taken(host.signals.history());
    await host.close();
    expect(actions.length).toBeGreaterThan(20);
    expect(actions.length).toBeLessThanOrEqual((3000 / BUDGET.perMs + 1) * BUDGET.actions);
    expect(suspendedMs).toBeLessThan((3000 * TTL_MS) / (TTL_MS + COOL_DOWN_MS));
  });
});

/** Between the end of all actions on a VM and the next one it is left alone. */
function expectRest(actions: readonly ActionRecord[]): void {
  let freeUs = Number.NEGATIVE_INFINITY;
  for (const { atUs, endedAtUs = 0 } of actions) {
    if (atUs >= freeUs) expect(atUs - freeUs).toBeGreaterThanOrEqual(COOL_DOWN_MS * 1000);
    freeUs = Math.max(freeUs, endedAtUs);
  }
}
