import { DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { HostFramePort } from '../../src/managers/host-frames.ts';
import { HOST_RING_ENTRIES } from '../../src/memory/layout.ts';
import { reclaim } from '../../src/memory/reclaim.ts';
import { BEYOND, frame, MULTICAST, macOf } from '../given/frames.ts';
import { ALL_WELL, OneLoop, selecting } from '../given/one-loop.ts';

const PROBE = 0x88b6;
const OWN = '02:00:00:00:ff:01';

function given(about: ConstructorParameters<typeof OneLoop>[0] = {}) {
  const loop = new OneLoop(about);
  const port = new HostFramePort(loop.outside);
  const heard: { nic: number; frame: Uint8Array }[] = [];
  const probe = (to: string, type = PROBE) => frame({ from: BEYOND, to, type });
  return { loop, port, heard, probe, listener: (nic: number, bytes: Uint8Array) => heard.push({ nic, frame: bytes }) };
}

describe('a frame of the host’s own', () => {
  it('leaves by the NIC it is meant for, serving or not, and counts for no VM', () => {
    const { loop, port } = given();
    loop.setAvailable(0);
    const own = frame({ from: OWN });
    expect([port.send(1, own), port.send(0, own)]).toEqual([true, true]);
    loop.sweep();
    expect(loop.nics.map((nic) => nic.sent)).toEqual([[own], [own]]);
    expect([...loop.outside.nics.hostFrames]).toEqual([1, 1]);
    expect([...loop.outside.nics.txFrames]).toEqual([0, 0]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('on behalf of a VM leaves by the NIC that load distribution chooses for the VM', () => {
    const { loop, port } = given({
      distribution: selecting((batch) => void batch.nic.fill(batch.vm % 2, 0, batch.count)),
    });
    for (const vm of [0, 1, 2]) port.sendFor(vm, frame({ from: macOf(vm), mark: vm }));
    loop.sweep();
    expect(loop.nics.map((nic) => nic.marks)).toEqual([[0, 2], [1]]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('waits while the NIC has no room, and is refused when too many wait', () => {
    const { loop, port } = given();
    loop.nics[0].room = 0;
    const fits = Math.floor(HOST_RING_ENTRIES / 3);
    let taken = 0;
    while (taken < 1000 && port.send(0, frame({ from: OWN, mark: taken }))) taken++;
    loop.sweep(3);
    expect([taken, loop.nics[0].sent.length]).toEqual([fits, 0]);
    loop.nics[0].room = Number.POSITIVE_INFINITY;
    loop.sweep(10);
    expect(loop.nics[0].marks).toEqual(Array.from({ length: fits }, (_, mark) => mark));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('goes nowhere when no NIC serves the VM, and is lost on a NIC whose driver throws', () => {
    const { loop, port } = given();
    loop.setAvailable();
    port.sendFor(0, frame({ from: macOf(0) }));
    loop.nics[1].sending = () => {
      throw new Error('broken');
    };
    port.send(1, frame({ from: OWN }));
    loop.sweep(2);
    expect([loop.nics[0].sent, loop.driverFaults]).toEqual([[], [{ nic: 1, hook: 'send' }]]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is given back when the worker dies before it has sent it', () => {
    const { loop, port } = given();
    port.send(0, frame({ from: OWN }));
    expect(reclaim(loop.outside, 0)).toBe(0);
    const next = new OneLoop({ handle: loop.handle });
    next.sweep();
    expect(next.nics[0].sent.length).toBe(1);
    expect(next.wrongs()).toEqual(ALL_WELL);
  });
});

describe('the control path', () => {
  it('hears group frames of an EtherType it listens to, and the VMs do not', () => {
    const { loop, port, heard, probe, listener } = given();
    port.listen(PROBE, true, listener);
    loop.nics[1].arriving.push(probe(MULTICAST), probe(MULTICAST, 0x0800));
    loop.sweep();
    port.poll(0);
    expect(heard).toEqual([{ nic: 1, frame: probe(MULTICAST) }]);
    expect([0, 1, 2].map((vm) => loop.received(vm).length)).toEqual([1, 1, 1]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('hears frames to an address that no VM has, but not those to a VM', () => {
    const { loop, port, heard, probe, listener } = given();
    port.listen(PROBE, false, listener);
    loop.nics[0].arriving.push(probe(OWN), probe(macOf(2)), probe(MULTICAST));
    loop.sweep();
    port.poll(0);
    expect(heard).toEqual([{ nic: 0, frame: probe(OWN) }]);
    expect([0, 1, 2].map((vm) => loop.received(vm).length)).toEqual([1, 1, 2]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is not flooded: what finds no room is dropped and counted', () => {
    const { loop, port, heard, probe, listener } = given();
    port.listen(PROBE, true, listener);
    for (let i = 0; i < 500; i++) loop.nics[0].arriving.push(probe(MULTICAST));
    loop.sweep(10);
    const fits = Math.floor(HOST_RING_ENTRIES / 3);
    const dropped = loop.outside.nics.rxDropped[DropReason.RingFull];
    expect([port.poll(0), heard.length, dropped]).toEqual([fits, fits, 500 - fits]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });
});
