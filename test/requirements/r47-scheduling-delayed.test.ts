import { use } from '@fairlead/core';
import delayScheduling from '@fairlead/responder-delay-scheduling';
import { definePlugin, type Hypervisor, Type, type VmRef, type VmStatus } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { done, FLOOD, NOTICED_MS, Traffic, watched } from './support/attack.ts';
import { simulatedHost, started } from './support/hosts.ts';

const calls: string[] = [];

/** Writes down what CPU time it is told to give. */
class Diary implements Hypervisor {
  start = async (): Promise<void> => undefined;
  suspend = async (vm: VmRef): Promise<void> => void calls.push(`suspend ${vm.name}`);
  resume = async (vm: VmRef): Promise<void> => void calls.push(`resume ${vm.name}`);
  stop = async (): Promise<void> => undefined;
  migrate = async (): Promise<void> => undefined;
  throttle = async (vm: VmRef, fraction: number): Promise<void> => void calls.push(`${vm.name} ${fraction}`);
  status = async (): Promise<VmStatus> => 'running';
}

const diary = definePlugin({
  kind: 'hypervisor',
  name: 'diary',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: Diary,
});

describe('requirement 47: that is done by delaying the scheduling of the VM', () => {
  it('its CPU time is cut while the sign lasts, of that VM alone, and given back; nothing it is sent is lost', async () => {
    calls.length = 0;
    const host = await started(
      watched(simulatedHost([1e9], { a: {}, b: {} }))
        .hypervisor(use(diary))
        .onSignal('attack', [use(delayScheduling, { fraction: 0.1 })]),
    );
    const traffic = new Traffic(host);
    await traffic.pass(300);
    await traffic.pass(NOTICED_MS, { inbound: FLOOD });
    expect([done(host), calls]).toEqual([['delay-scheduling a'], ['a 0.1']]);
    await traffic.pass(200);
    expect(calls).toEqual(['a 0.1', 'a 1']);
    expect(traffic.got.a.length).toBe(traffic.sentUs.length);
    host.assertConserved();
  });
});
