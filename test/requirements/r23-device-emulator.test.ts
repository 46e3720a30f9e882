import { createHost, type Host, use } from '@fairlead/core';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import memoryNic from '@fairlead/nic-driver-memory';
import { type DeviceEmulator, definePlugin, inject, Port, Type, type VnicPort } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { BROADCAST, frame, frames, numberOf, OUTSIDE, sourceOf, upTo } from './support/frames.ts';
import { guest, MAC, nic, settle, simulatedHost, started, takeSent, type VmName } from './support/hosts.ts';

const VMS: readonly VmName[] = ['a', 'b', 'c'];

/** The numbers of the frames that a guest has received since it was last asked. */
function received(host: Host, vm: string): number[] {
  const numbers: number[] = [];
  for (let got = guest(host, vm).receive(); got !== undefined; got = guest(host, vm).receive())
    numbers.push(numberOf(got));
  return numbers;
}

describe('requirement 23: a device emulator gives each VM a virtual NIC to reach the physical NICs through', () => {
  function threeVms(): Promise<Host> {
    return started(
      simulatedHost([1e9, 1e9], { a: {}, b: {}, c: {} }).distribute(
        use(vmAffinity, { pins: { a: 'nic0', b: 'nic1', c: 'nic0' } }),
      ),
    );
  }

  it('what a VM puts into its virtual NIC leaves by a physical one, byte for byte', async () => {
    const host = await threeVms();
    const sent = VMS.map((vm, i) => frame(MAC[vm], { number: i, bytes: 60 + 700 * i }));
    for (const [i, vm] of VMS.entries()) expect(guest(host, vm).send(sent[i])).toBe(true);
    host.run(1000);
    expect(takeSent(host)).toEqual([[sent[0], sent[2]], [sent[1]]]);
    host.assertConserved();
  });

  it('what arrives at any physical NIC comes out of the virtual NIC of the VM it is for, and of no other', async () => {
    const host = await threeVms();
    for (const [i, name] of ['nic0', 'nic1'].entries()) {
      for (const [v, vm] of VMS.entries()) {
        nic(host, name).deliver(frame(OUTSIDE, { destination: MAC[vm], number: 10 * i + v }));
      }
    }
    nic(host, 'nic1').deliver(frame(OUTSIDE, { destination: MAC.d, number: 99 }));
    host.run(1000);
    expect(VMS.map((vm) => received(host, vm))).toEqual([
      [0, 10],
      [1, 11],
      [2, 12],
    ]);
    nic(host, 'nic0').deliver(frame(OUTSIDE, { destination: BROADCAST, number: 50 }));
    host.run(1000);
    expect(VMS.map((vm) => received(host, vm))).toEqual([[50], [50], [50]]);
    host.assertConserved();
  });

  it('a VM is reached by the others of its host too, over no physical NIC', async () => {
    const host = await threeVms();
    guest(host, 'a').sendAll(frames(3, MAC.a, { destination: MAC.b }));
    host.run(1000);
    expect(received(host, 'b')).toEqual(upTo(3));
    expect(takeSent(host)).toEqual([[], []]);
    host.assertConserved();
  });

  it('each virtual NIC is its own: one that is full or suspended leaves the others as they are', async () => {
    const host = await threeVms();
    await host.vms.suspend('a');
    expect(guest(host, 'a').sendAll(frames(2, MAC.a))).toBe(0);
    expect(guest(host, 'b').sendAll(frames(300, MAC.b))).toBe(256);
    expect(guest(host, 'c').sendAll(frames(2, MAC.c))).toBe(2);
    host.run(10_000);
    const sources = takeSent(host).map((seen) => new Set(seen.map(sourceOf)));
    expect(sources).toEqual([new Set([MAC.c]), new Set([MAC.b])]);
    expect(VMS.map((vm) => host.vms.status(vm).transmittedFrames)).toEqual([0, 256, 2]);
    host.assertConserved();
  });

  it('any device emulator does, also one that is written against the extension point alone', async () => {
    /** Sends each frame that its VM receives back where it came from. */
    class Mirror implements DeviceEmulator {
      constructor(@inject(Port) private readonly port: VnicPort) {}

      poll(): number {
        const burst = this.port.createBurst(8);
        const count = this.port.pull(burst);
        for (let i = 0; i < count; i++) {
          const at = burst.offset[i];
          const reply = burst.memory.slice(at, at + burst.bytes[i]);
          reply.copyWithin(0, 6, 12);
          reply.set(this.port.macs[0], 6);
          this.port.push(reply, 0, reply.length);
        }
        this.port.release(count);
        this.port.flush();
        return count > 0 ? 0 : Number.POSITIVE_INFINITY;
      }
    }
    const mirror = definePlugin({
      kind: 'device-emulator',
      name: 'mirror',
      apiVersion: 1,
      options: Type.Object({}),
      implementation: Mirror,
    });
    const host = await started(
      createHost()
        .inline()
        .nic('nic0', use(memoryNic, { keep: true }))
        .vm('a', MAC.a, use(mirror)),
    );
    for (const number of upTo(20)) nic(host, 'nic0').deliver(frame(OUTSIDE, { destination: MAC.a, number }));
    settle(host);
    host.run(1000);
    const [sent] = takeSent(host);
    expect(sent.map(numberOf)).toEqual(upTo(20));
    expect(new Set(sent.map(sourceOf))).toEqual(new Set([MAC.a]));
    host.assertConserved();
  });
});
