import {
  type Action,
  definePlugin,
  type PluginDefinition,
  type Responder,
  type ResponderContext,
  type Signal,
  Type,
} from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { simulate } from '../src/simulate.ts';
import { hostOf } from './one-host.ts';

/** Suspends the VM of every signal. */
class Pause implements Responder {
  async respond({ vm }: Signal, context: ResponderContext): Promise<readonly Action[]> {
    if (vm === undefined) return [];
    await context.suspend(vm);
    const expiresAtUs = context.nowUs + context.ttlMs * 1000;
    return [{ name: 'pause', vm, expiresAtUs, reason: 'asked to', rejected: [], undo: () => context.resume(vm) }];
  }
}
const pause = definePlugin({
  kind: 'responder',
  name: 'pause',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: Pause,
});

describe('responders in a simulation', () => {
  it('act on virtual time, and what they do is among the events', async () => {
    const nics = ['a', 'b'].map((name) => ({ name, driver: { use: 'memory', options: { speedBps: '50Mbps' } } }));
    const scenario: WrittenScenario = {
      duration: '1s',
      host: hostOf(['web', 'db'], {
        nics,
        signals: [{ on: 'nic-down', vms: ['db'], responders: [{ use: 'pause' }] }],
      }),
      senders: ['web', 'db'].map((vm) => ({ vm, kind: 'constant', rateBps: '5Mbps' })),
      events: [
        { at: '300ms', do: 'nic-down', nic: 'b' },
        { at: '700ms', do: 'nic-up', nic: 'b' },
      ],
    };
    const definitions = new Map([['responder/pause', pause as unknown as PluginDefinition]]);
    const { events, vms, accounts } = await simulate(scenario, {}, { bases: [import.meta.url], definitions });
    const texts = events.filter(({ text }) => /action|VM/.test(text)).map(({ text, seconds }) => `${seconds}: ${text}`);
    expect(texts).toHaveLength(4);
    expect(texts[0]).toMatch(/^0\.3\d*: VM db is suspended$/);
    expect(texts[1]).toMatch(/^0\.3\d*: action 1, pause of VM db by pause, is standing: asked to$/);
    expect(texts[2]).toMatch(/^0\.7\d*: VM db is running$/);
    expect(texts[3]).toMatch(/^0\.7\d*: action 1, pause of VM db by pause, is over: asked to$/);
    expect((vms[1]?.sentFrames ?? 0) / (vms[0]?.sentFrames ?? 1)).toBeCloseTo(0.6, 1);
    expect(accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
  });
});
