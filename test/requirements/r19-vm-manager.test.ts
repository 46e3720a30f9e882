import shapingFilter from '@fairlead/admission-shaping-filter';
import { type Host, use } from '@fairlead/core';
import simulatedHypervisor, { registerDestination } from '@fairlead/hypervisor-simulated';
import { definePlugin, type Hypervisor, Type, type VmRef, type VmStatus } from '@fairlead/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { frame, frames, numberOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, simulatedHost, started, takeSent } from './support/hosts.ts';

const calls: string[] = [];

/** Writes down what it is told to do. */
class Diary implements Hypervisor {
  start = async (vm: VmRef): Promise<void> => this.#note('start', vm);
  suspend = async (vm: VmRef): Promise<void> => this.#note('suspend', vm);
  resume = async (vm: VmRef): Promise<void> => this.#note('resume', vm);
  stop = async (vm: VmRef): Promise<void> => this.#note('stop', vm);
  migrate = async (vm: VmRef, destination: string): Promise<void> => this.#note(`migrate to ${destination}:`, vm);
  throttle = async (vm: VmRef, fraction: number): Promise<void> => this.#note(`throttle to ${fraction}:`, vm);
  status = async (): Promise<VmStatus> => 'running';

  #note(operation: string, vm: VmRef): void {
    calls.push(`${operation} ${vm.name}`);
  }
}

const diary = definePlugin({
  kind: 'hypervisor',
  name: 'diary',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: Diary,
});

describe('requirement 19: a VM manager controls the operation of the VMs', () => {
  it('one API starts, suspends, resumes, migrates and stops them, through whichever hypervisor there is', async () => {
    calls.length = 0;
    const host = await started(simulatedHost([1e9], { a: {}, b: { start: false } }).hypervisor(use(diary)));
    const { vms } = host;
    expect(vms.constructor.name).toBe('VmManager');
    expect(vms.list().map(({ name, state }) => `${name} ${state}`)).toEqual(['a running', 'b stopped']);

    const states: string[] = [];
    host.on('vm', (change) => states.push(`${change.vm} ${change.state}`));
    await vms.start('b');
    await vms.suspend('a');
    await vms.resume('a');
    await vms.throttle('a', 0.25);
    await vms.migrate('a', 'host-2');
    await vms.stop('b');
    expect(calls).toEqual([
      'start a',
      'start b',
      'suspend a',
      'resume a',
      'throttle to 0.25: a',
      'migrate to host-2: a',
      'stop b',
    ]);
    expect(states).toEqual(['b running', 'a suspended', 'a running', 'a migrating', 'a migrated', 'b stopped']);
    host.assertConserved();
  });

  /** VM a of this host hands over frames and waits for its allocation. */
  function shaped(): Promise<Host> {
    return started(
      simulatedHost([1e9], { a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: 1000 } }, b: {} })
        .admit(use(shapingFilter))
        .hypervisor(use(simulatedHypervisor)),
    );
  }

  it('a suspended VM neither sends nor takes, a resumed one does; what it handed over before is sent', async () => {
    const host = await shaped();
    guest(host, 'a').sendAll(frames(5, MAC.a));
    host.run(1500);
    await host.vms.suspend('a');
    expect(host.vms.status('a')).toMatchObject({ state: 'suspended', backlogFrames: 3 });
    expect(guest(host, 'a').send(frame(MAC.a, { number: 5 }))).toBe(false);
    guest(host, 'b').send(frame(MAC.b, { destination: MAC.a, number: 9 }));
    host.run(10_000);
    expect(guest(host, 'a').receive()).toBeUndefined();
    expect(takeSent(host)[0].map(numberOf)).toEqual(upTo(5));

    await host.vms.resume('a');
    expect(guest(host, 'a').send(frame(MAC.a, { number: 6 }))).toBe(true);
    host.run(10_000);
    expect(numberOf(guest(host, 'a').receive() as Uint8Array)).toBe(9);
    expect(takeSent(host)[0].map(numberOf)).toEqual([6]);
    host.assertConserved();
  });

  it('a migrated VM runs on the other host, and sends nothing more from here', async () => {
    const arrived: string[] = [];
    onTestFinished(
      registerDestination('requirement-19', async (vm, status) => {
        arrived.push(`${vm} ${status}`);
      }),
    );
    const host = await shaped();
    guest(host, 'a').sendAll(frames(3, MAC.a));
    host.run(500);
    await host.vms.migrate('a', 'requirement-19');
    expect(arrived).toEqual(['a running']);
    expect(guest(host, 'a').send(frame(MAC.a, { number: 7 }))).toBe(false);
    host.run(10_000);
    expect(takeSent(host)[0].map(numberOf)).toEqual(upTo(3));
    expect(host.vms.status('a')).toMatchObject({ state: 'migrated', transmittedFrames: 3, backlogFrames: 0 });
    host.assertConserved();
  });

  it('what does not fit the state of a VM is refused by name, and changes nothing', async () => {
    const host = await shaped();
    await host.vms.stop('a');
    await expect(host.vms.suspend('a')).rejects.toThrow(/VM "a" is stopped; it cannot suspend.*FAIRLEAD_ERR_VM_STATE/);
    await expect(host.vms.migrate('a', 'x')).rejects.toThrow(/FAIRLEAD_ERR_VM_STATE/);
    await expect(host.vms.resume('a')).rejects.toThrow(/FAIRLEAD_ERR_VM_STATE/);
    expect(() => host.vms.start('nobody')).toThrow(/FAIRLEAD_ERR_UNKNOWN_VM/);
    expect(host.vms.status('a').state).toBe('stopped');
    host.assertConserved();
  });
});
