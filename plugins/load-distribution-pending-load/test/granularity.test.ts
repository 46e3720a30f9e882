import {
  conformanceLaws,
  createInstance,
  MemoryMoves,
  testBatch,
  testNics,
  testRandom,
  testVms,
} from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin from '../src/index.ts';

function made(options: object, speedsBps = [1e9, 1e9], vms = 2) {
  const nics = testNics(speedsBps);
  const moves = new MemoryMoves();
  const policy = createInstance(plugin, options, {
    nics,
    moves,
    vms: testVms(Array.from({ length: vms }, () => ({}))),
  });
  const send = (flows: readonly number[], about: { vm?: number; nowUs?: number } = {}): number[] => {
    const bytes = flows.map(() => 1000);
    const batch = testBatch(bytes, { ...about, flows });
    policy.select(batch);
    return [...batch.nic.subarray(0, flows.length)];
  };
  return { nics, moves, send };
}

describe('what goes over one NIC', () => {
  it('asks for the flows of frames only where they matter', () => {
    const needs = plugin.needs as unknown as (options: object) => string[];
    expect(['frame', 'flowlet', 'flow', 'vm'].map((granularity) => needs({ granularity }))).toEqual([
      [],
      ['flow'],
      ['flow'],
      [],
    ]);
  });

  it('is a flow: new ones go over the NIC that is finished first, and stay, whatever is pending', () => {
    const { nics, send } = made({ granularity: 'flow' });
    expect(send([1, 1, 2, 2, 3])).toEqual([0, 0, 1, 1, 0]);
    nics.pendingBytes[0] = 1e6;
    expect(send([1, 2, 3, 4, 5], { nowUs: 9e6 })).toEqual([0, 1, 0, 1, 1]);
    expect(send([1], { nowUs: 20e6 })).toEqual([1]); // it had ended
  });

  it('is a flowlet: after a gap the flow may go elsewhere', () => {
    const { nics, send } = made({ granularity: 'flowlet', flowletGapUs: 500 });
    expect(send([1])).toEqual([0]);
    nics.pendingBytes[0] = 1e6;
    expect(send([1], { nowUs: 500 })).toEqual([0]);
    expect(send([1], { nowUs: 1000 })).toEqual([0]);
    expect(send([1], { nowUs: 1501 })).toEqual([1]);
  });

  it('is a VM, all of whose flows go together', () => {
    const { nics, send } = made({ granularity: 'vm' });
    expect([send([1, 2, 3], { vm: 0 }), send([1, 2, 3], { vm: 1 })]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    nics.pendingBytes[0] = 1e6;
    expect(send([7, 8], { vm: 0 })).toEqual([0, 0]);
  });

  it('leaves a NIC that goes, and does not return for its return', () => {
    const { nics, send } = made({ granularity: 'flow' });
    expect(send([1, 2])).toEqual([0, 1]);
    nics.setAvailable(1);
    expect(send([1, 2])).toEqual([1, 1]);
    nics.setAvailable(0, 1);
    expect(send([1, 2])).toEqual([1, 1]);
  });

  it('tells of flows that have moved, once a second as a sum', () => {
    const { nics, moves, send } = made({ granularity: 'flow' });
    send([1, 2, 3, 4]);
    nics.setAvailable(1);
    const cause = 'their NIC is not available';
    send([1], { nowUs: 1000 });
    expect(moves.entries.splice(0)).toEqual([{ team: 0, what: '1 flow', from: [0], to: [1], cause }]);
    nics.setAvailable(0);
    send([1, 2, 3], { nowUs: 2000 });
    send([4], { nowUs: 3000 });
    expect(moves.entries).toEqual([]);
    send([4], { nowUs: 1_001_000 });
    expect(moves.entries.splice(0)).toEqual([{ team: 0, what: '3 flows', from: [1], to: [0], cause }]);
    send([1, 2, 3, 4], { nowUs: 2_001_000 });
    nics.setAvailable(1);
    send([1, 2, 3, 4], { nowUs: 15_001_000 }); // they had ended, and begin where there is a NIC
    expect(moves.entries).toEqual([]);
  });

  it('tells of flowlets and of VMs, too', () => {
    const flowlets = made({ granularity: 'flowlet', flowletGapUs: 500 });
    flowlets.send([1]);
    flowlets.nics.pendingBytes[0] = 1e6;
    flowlets.send([1], { nowUs: 1000 });
    const cause = 'behind a gap, another one was finished first';
    expect(flowlets.moves.entries).toEqual([{ team: 0, what: '1 flow', from: [0], to: [1], cause }]);
    const vms = made({ granularity: 'vm' });
    vms.send([1], { vm: 1 });
    vms.nics.setAvailable(1);
    vms.send([1, 2], { vm: 1 });
    expect(vms.moves.entries).toMatchObject([{ vm: 1, from: [0], to: [1] }]);
  });

  it('leaves the NIC that is finished first to a VM of higher priority', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    nics.pendingBytes.set([0, 10, 20]);
    const vms = testVms([{ priority: 1 }, {}]);
    const policy = createInstance(plugin, { granularity: 'flow', priority: true }, { nics, vms });
    const nicOf = (vm: number, flow: number): number => {
      const batch = testBatch([64], { vm, flows: [flow] });
      policy.select(batch);
      return batch.nic[0];
    };
    expect([nicOf(0, 1), nicOf(1, 2)]).toEqual([0, 1]);
  });
});

describe('flowlets with a gap longer than a queue drains', () => {
  /** Sends bursts of 60 flows over two NICs that drain at their speed; returns overtakings, and moves of flows. */
  function run(flowletGapUs: number): { overtaken: number; moved: number } {
    const { nics, send } = made({ granularity: 'flowlet', flowletGapUs }, [100e6, 400e6]);
    const random = testRandom(3);
    const doneUs = [0, 0];
    const lastDoneUs = new Map<number, number>();
    const lastNic = new Map<number, number>();
    let [overtaken, moved] = [0, 0];
    for (let nowUs = 0; nowUs < 2e6; nowUs += 500) {
      for (const nic of [0, 1]) {
        nics.pendingBytes[nic] = (Math.max(0, doneUs[nic] - nowUs) * nics.speedBps[nic]) / 8e6;
      }
      const flows = Array.from({ length: 20 }, () => Math.floor(random.next() ** 3 * 60)).filter(
        () => random.next() < 0.9,
      );
      for (const [i, nic] of send(flows, { nowUs }).entries()) {
        const flow = flows[i] as number;
        doneUs[nic] = Math.max(doneUs[nic], nowUs) + 8e9 / nics.speedBps[nic];
        if (doneUs[nic] < (lastDoneUs.get(flow) ?? 0)) overtaken++;
        if ((lastNic.get(flow) ?? nic) !== nic) moved++;
        lastDoneUs.set(flow, Math.max(lastDoneUs.get(flow) ?? 0, doneUs[nic]));
        lastNic.set(flow, nic);
      }
      // Senders hold back while a queue is 5 ms long.
      if (Math.max(...doneUs) - nowUs > 5000) nowUs += 3000;
    }
    return { overtaken, moved };
  }

  it('move, and overtake nothing; with a gap shorter than that they do', () => {
    const [safe, unsafe] = [run(10_000), run(100)];
    expect(safe.overtaken).toBe(0);
    expect(safe.moved).toBeGreaterThan(50);
    expect(unsafe.overtaken).toBeGreaterThan(0);
  });
});

describe('as every load distribution, pending-load by runs', () => {
  const forms = (['flowlet', 'flow', 'vm'] as const).map((granularity) => ({ granularity, flowletGapUs: 15 }));
  it.each(conformanceLaws(plugin, { options: forms }))('$name', ({ check }) => expect(check).not.toThrow());
});
