import type { WrittenHostConfig } from '@fairlead/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuQuota } from './support/cpu-time.ts';
import { until } from './support/deadline.ts';
import { floodEnd, startFlood } from './support/flood.ts';
import type { Answered } from './support/host-process.ts';
import { requireParts } from './support/parts.ts';
import { PEER, RealRun } from './support/real-run.ts';

const TARGET = { name: 'target', mac: '52:54:00:00:05:0a', address: '10.77.0.51' };
const CALM = { name: 'calm', mac: '52:54:00:00:05:0b', address: '10.77.0.52' };

const FLOOR_SYNS = 500;
/** Some ten times the floor, and some tenth of it. */
const FLOOD = { kind: 'syn', port: 80, framesPerSecond: 20_000, seconds: 0.5 } as const;
const TRICKLE = { kind: 'syn', port: 80, framesPerSecond: 200, seconds: 0.5 } as const;

const BUDGET = 2;
/** Longer than any pause between two bursts, however busy the machine is. */
const CLEAR_MS = 20_000;

const REST = 'signals[0]';
const BOUNDED = 'signals[1]';
const CLEARED = 'signals[2]';
const HELD = 'signals[3]';

/** Each bounds its actions by one means alone, and all hear the same signals. */
const CHAINS: NonNullable<WrittenHostConfig['signals']> = [
  { on: 'attack', ttlMs: '1s', whileSignalled: false, coolDownMs: '1h', responders: [{ use: 'suspend' }] },
  {
    on: 'attack',
    ttlMs: '1h',
    budget: { actions: BUDGET, perMs: '1h' },
    responders: [{ use: 'delay-interrupt', options: { delayUs: 5_000 } }],
  },
  { on: 'attack', ttlMs: '1h', clearMs: CLEAR_MS, responders: [{ use: 'rate-limit', options: { inboundBps: 100e6 } }] },
  { on: 'attack', ttlMs: '1h', forMs: '1min', responders: [{ use: 'delay-scheduling', options: { fraction: 0.5 } }] },
];

const parts = requireParts('an attack on a real guest that comes and goes', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

describe.skipIf(parts.skip)('a flood of a Linux guest that comes and goes, beside a guest that few ask', () => {
  let run: RealRun;
  let bursts = 0;

  beforeAll(async () => {
    run = await RealRun.start(
      [TARGET, CALM],
      {
        distribution: { use: 'vm-affinity', options: { pins: { target: 'uplink0', calm: 'uplink1' } } },
        detectors: [{ use: 'syn-flood', options: { floorSyns: FLOOR_SYNS }, windowMs: 250 }],
        signals: CHAINS,
      },
      (socket) => ({
        use: 'qemu',
        options: { socket, startMs: '90s', answerMs: '10s' },
        budget: { controlMs: '100s' },
      }),
    );
    // The bridge learns where both are.
    for (const { name } of [TARGET, CALM]) await pingsPeer(name);
  });
  afterAll(() => run?.close());

  async function pingsPeer(name: string): Promise<void> {
    const { output } = await run.guest(name).run(`ping -q -i 0.02 -c 20 ${PEER}`, 60_000);
    expect(output).toContain('20 packets transmitted, 20 packets received');
  }

  async function answers(where?: string): Promise<readonly Answered[]> {
    return (await run.host.view()).answers.filter((answer) => where === undefined || answer.where === where);
  }

  /** How it stands with what a chain did, as `suspend: over`. */
  async function acted(where: string): Promise<string[]> {
    const done = (await answers(where)).filter(({ state }) => state !== 'withheld');
    return done.map(({ action, state }) => `${action}: ${state}`);
  }

  async function withheld(where: string): Promise<string[]> {
    return (await answers(where)).filter(({ state }) => state === 'withheld').map(({ reason }) => reason);
  }

  /** How often the target's signal has begun, and whether it is over. */
  async function signalled(): Promise<{ times: number; over: boolean }> {
    const { signals } = await run.host.view();
    const count = (what: string): number =>
      signals.filter((signal) => signal === `attack of target ${what}, says syn-flood`).length;
    return { times: count('began'), over: count('began') === count('over') };
  }

  /** A burst of the flood, from the first frame until its signal is over. */
  async function burst(): Promise<void> {
    const { lab, network } = run;
    const { times } = await signalled();
    const floods = await Promise.all([
      startFlood(lab, network.peer, { ...TARGET, ...FLOOD }),
      startFlood(lab, network.peer, { ...CALM, ...TRICKLE }),
    ]);
    await until(async () => (await signalled()).times > times, 30_000, 'signal of a burst');
    for (const flood of floods) await floodEnd(flood);
    await until(async () => (await signalled()).over, 30_000, 'end of the signal');
    bursts++;
  }

  it('is answered as often as the rest, the budget and the times of its chains allow, not as often as it comes', async () => {
    let over = false;
    const pinging = (async () => {
      do await pingsPeer(CALM.name);
      while (!over);
    })();
    const oscillating = (async () => {
      // Until both chains that can have said no have said so to two bursts.
      for (let no = 0; no < 2; ) {
        expect(bursts).toBeLessThan(12);
        await burst();
        no = Math.min((await withheld(REST)).length, (await withheld(BOUNDED)).length);
      }
    })().finally(() => (over = true));
    await Promise.all([oscillating, pinging]);

    expect(bursts).toBeGreaterThan(BUDGET);
    const suspension = async (): Promise<boolean> => (await acted(REST))[0] === 'suspend: expired';
    await until(suspension, 30_000, 'end of the suspension');
    expect(await acted(REST)).toEqual(['suspend: expired']);
    expect(new Set(await withheld(REST))).toEqual(new Set(['it is left alone after the last action']));
    expect(await acted(BOUNDED)).toEqual(Array.from({ length: BUDGET }, () => 'delay-interrupt: over'));
    expect(new Set(await withheld(BOUNDED))).toEqual(
      new Set([`the budget of ${BUDGET} actions in 3600000 ms is spent`]),
    );
    // To this one all bursts are one matter, and to that one none has lasted.
    expect(await acted(CLEARED)).toEqual(['rate-limit: standing']);
    expect(await answers(HELD)).toEqual([]);
  });

  it('leaves nothing standing when it has been gone for long enough', async () => {
    const standing = async () => (await answers()).filter(({ state }) => state === 'standing');
    await until(async () => (await standing()).length === 0, 3 * CLEAR_MS, 'end of the last action');
    expect(await acted(CLEARED)).toEqual(['rate-limit: over']);
    const target = run.guest(TARGET.name);
    expect([target.pauses, await target.state(), cpuQuota(target.pid)]).toEqual([
      ['STOP', 'RESUME'],
      'running',
      undefined,
    ]);
    await pingsPeer(TARGET.name);
  });

  it('touches no VM that stays below the threshold', async () => {
    const { vms, answers: all, signals } = await run.host.view();
    const calm = run.guest(CALM.name);
    expect([calm.pauses, cpuQuota(calm.pid)]).toEqual([[], undefined]);
    expect(new Set(all.map(({ vm }) => vm))).toEqual(new Set([TARGET.name]));
    expect(new Set(signals.map((signal) => signal.split(' ')[2]))).toEqual(new Set([TARGET.name]));
    expect(vms.find(({ name }) => name === CALM.name)?.dropped).toEqual({});
  });

  it('leaves every frame accounted for', async () => {
    const { events } = await run.host.view();
    expect(events.filter((event) => /^(fault|worker|device) /.test(event))).toEqual([]);
    for (const { subject, missing } of await run.host.close()) expect([subject, missing]).toEqual([subject, 0]);
  });
});
