import { type HostBuilder, use } from '@fairlead/core';
import migrate from '@fairlead/responder-migrate';
import { type Detector, definePlugin, type ObservedBatch, type Signal, Type } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { twoHosts } from './support/cluster.ts';
import { frames, sourceOf } from './support/frames.ts';
import { guest, MAC } from './support/hosts.ts';

/** Takes every VM for attacked that sends more than 50 frames in a window. */
const tooMany = definePlugin({
  kind: 'detector',
  name: 'too-many',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: class TooMany implements Detector {
    readonly #frames = new Map<number, number>();
    observe({ vm, count }: ObservedBatch): undefined {
      this.#frames.set(vm, (this.#frames.get(vm) ?? 0) + count);
    }
    judge(nowUs: number): readonly Signal[] {
      const over = [...this.#frames].filter(([, count]) => count > 50);
      this.#frames.clear();
      return over.map(([vm, count]) => ({ kind: 'attack', vm, atUs: nowUs, confidence: 1, evidence: { count } }));
    }
  },
});

const answered = (builder: HostBuilder): HostBuilder =>
  builder.detect(use(tooMany), { windowMs: 10 }).onSignal('attack', [use(migrate)]);

describe('requirement 41: on a sign of an attack the VM is migrated to a second host that has a connection of its own', () => {
  it('and has there the address that it had here', async () => {
    const { hosts, first, second, network, run } = await twoHosts({ a: {}, b: {} }, answered);
    guest(first, 'a').sendAll(frames(60, MAC.a));
    guest(first, 'b').sendAll(frames(10, MAC.b));
    await run(60);
    const states = ['a', 'b'].map((vm) => [first.vms.status(vm).state, second.vms.status(vm).state]);
    expect(states).toEqual([
      ['migrated', 'running'],
      ['running', 'stopped'],
    ]);
    expect(first.signals.history()).toMatchObject([{ action: 'migrate', vm: 'a', signal: { kind: 'attack' } }]);
    guest(second, 'a').sendAll(frames(1, MAC.a));
    await run(5);
    const { port, frame } = network.heard.at(-1) as (typeof network.heard)[number];
    expect([port, sourceOf(frame)]).toEqual(['second', MAC.a]);
    for (const host of hosts) host.assertConserved();
  });
});
