import { conformanceLaws, createInstance, MemoryMoves, testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BucketTable } from '../src/bucket-table.ts';
import plugin, { FlowHash } from '../src/index.ts';
import { ethernet, ipv4, udp } from './frames.ts';

const byNic = (table: BucketTable): number[] => {
  const counts: number[] = [];
  for (const nic of table.nic) counts[nic] = (counts[nic] ?? 0) + 1;
  return Array.from(counts, (count = 0) => count);
};

function arranged(table: BucketTable, nics: ReturnType<typeof testNics>, ...available: number[]): number[] {
  nics.setAvailable(...available);
  table.arrange(nics);
  return [...table.nic];
}

describe('the bucket table', () => {
  it('has 256 buckets, of which each NIC has its part', () => {
    const table = new BucketTable(false);
    arranged(table, testNics([1e9, 1e9, 1e9]), 0, 1, 2);
    expect(byNic(table)).toEqual([86, 85, 85]);
  });

  it('moves the buckets of a NIC that leaves, evenly, and gives them back', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const table = new BucketTable(false);
    const before = arranged(table, nics, 0, 1, 2);
    const without = arranged(table, nics, 0, 2);
    expect(byNic(table)).toEqual([128, 0, 128]);
    expect(before.every((nic, bucket) => nic === 1 || nic === without[bucket])).toBe(true);
    expect(arranged(table, nics, 0, 1, 2)).toEqual(before);
  });

  it('gives a NIC that was never there its part, and moves no other bucket', () => {
    const nics = testNics([1e9, 1e9, 1e9, 1e9]);
    const table = new BucketTable(false);
    const before = arranged(table, nics, 0, 1, 2);
    const after = arranged(table, nics, 0, 1, 2, 3);
    expect(byNic(table)).toEqual([64, 64, 64, 64]);
    expect(after.filter((nic, bucket) => nic !== before[bucket])).toEqual(Array(64).fill(3));
  });

  it('by speed, each NIC has as its speed says, and follows when it changes', () => {
    const nics = testNics([1e9, 3e9]);
    const table = new BucketTable(true);
    arranged(table, nics, 0, 1);
    expect(byNic(table)).toEqual([64, 192]);
    expect(table.isOutweighed(nics)).toBe(false);
    nics.speedBps[1] = 1e9;
    expect(table.isOutweighed(nics)).toBe(true);
    arranged(table, nics, 0, 1);
    expect(byNic(table)).toEqual([128, 128]);
  });

  it('law: a change moves no bucket but off NICs that left and onto NICs that came, and parts stay even', () => {
    const sets = fc.array(fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sets, (changes) => {
        const nics = testNics(Array(8).fill(1e9));
        const table = new BucketTable(false);
        const all = [...Array(8).keys()];
        const home = arranged(table, nics, ...all);
        let before = all;
        let placed = home;
        for (const available of changes) {
          const now = arranged(table, nics, ...available);
          const strayed = now.filter((to, bucket) => {
            const from = placed[bucket];
            const mayMove = !available.includes(from) || (!before.includes(to) && home[bucket] === to);
            return !available.includes(to) || (from !== to && !mayMove);
          });
          expect(strayed).toEqual([]);
          before = available;
          placed = now;
        }
        expect(arranged(table, nics, ...all)).toEqual(home);
      }),
    );
  });
});

describe('flow-hash', () => {
  const flows = Array.from({ length: 200 }, (_, i) => ethernet({ packet: ipv4({ payload: udp(i, 53) }) }));

  function chosen(policy: FlowHash, vm = 0): number[] {
    const batch = testBatch(
      flows.map((frame) => frame.length),
      { vm, frames: flows },
    );
    policy.select(batch);
    return [...batch.nic.subarray(0, flows.length)];
  }

  it('keeps a flow on its NIC, and spreads flows over all', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    const policy = createInstance(plugin, {}, { nics }) as FlowHash;
    const first = chosen(policy);
    expect(chosen(policy)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([0, 1, 2]));
    nics.setAvailable(0, 2);
    const without = chosen(policy);
    expect(first.every((nic, i) => nic === 1 || nic === without[i])).toBe(true);
    nics.setAvailable(0, 1, 2);
    expect(chosen(policy)).toEqual(first);
  });

  it('has a table for each team, and none of them moves for the other', () => {
    const nics = testNics([1e9, 1e9, 1e9, 1e9]);
    const vms = testVms([{}, {}]);
    vms.team[1] = 1;
    const policy = createInstance(plugin, {}, { nics, vms }) as FlowHash;
    nics.setAvailable(0, 1);
    const ofTeam0 = chosen(policy, 0);
    nics.setAvailable(2, 3);
    const ofTeam1 = chosen(policy, 1);
    expect([new Set(ofTeam0), new Set(ofTeam1)]).toEqual([new Set([0, 1]), new Set([2, 3])]);
    nics.setAvailable(0, 1);
    expect(chosen(policy, 0)).toEqual(ofTeam0);
    nics.setAvailable(2, 3);
    expect(chosen(policy, 1)).toEqual(ofTeam1);
  });
});

describe('a bucket that moves', () => {
  it('is told of with the others that go the same way, and why', () => {
    const [moves, nics] = [new MemoryMoves(), testNics([1e9, 1e9, 1e9, 1e9])];
    const vms = testVms([{}]);
    vms.team[0] = 3;
    nics.setAvailable(0, 1, 2);
    const policy = createInstance(plugin, {}, { nics, vms, moves }) as FlowHash;
    const arrange = (...available: number[]) => {
      nics.setAvailable(...available);
      policy.select(testBatch([60]));
      return moves.entries.splice(0).map(({ what, from, to, cause }) => `${what} ${from} > ${to}: ${cause}`);
    };
    expect(arrange(0, 1, 2)).toEqual([]);
    expect(arrange(0, 2)).toEqual([
      '42 buckets 1 > 0: theirs is not available',
      '43 buckets 1 > 2: theirs is not available',
    ]);
    expect(arrange(0, 1, 2)).toEqual([
      '42 buckets 0 > 1: it has its part of them',
      '43 buckets 2 > 1: it has its part of them',
    ]);
    arrange(0, 1, 2, 3);
    policy.select(testBatch([60]));
    expect(arrange(0, 1, 2, 3)).toEqual([]);
    nics.setAvailable(1, 2);
    policy.select(testBatch([60]));
    expect(new Set(moves.entries.map(({ team }) => team))).toEqual(new Set([3]));
  });
});

describe('a successor', () => {
  const made = (nics: ReturnType<typeof testNics>, options: object = {}) => {
    const moves = new MemoryMoves();
    return { policy: createInstance(plugin, options, { nics, moves }) as FlowHash, moves };
  };
  /** Three NICs, the third of which came late: a table that no fresh one is like. */
  function grown(nics: ReturnType<typeof testNics>, options: object = {}) {
    const before = made(nics, options);
    for (const available of [[0], [0, 1], [0, 1, 2]]) {
      nics.setAvailable(...available);
      before.policy.select(testBatch([60]));
    }
    before.moves.entries.length = 0;
    return before;
  }
  const from = { name: 'flow-hash' };

  it('leaves every bucket where it was, also those of a NIC that is away', () => {
    for (const options of [{}, { weighted: true }]) {
      const nics = testNics([1e9, 3e9, 1e9]);
      const before = grown(nics, options);
      nics.setAvailable(0, 2);
      before.policy.select(testBatch([60]));
      const after = made(nics, options);
      after.policy.importState(structuredClone(before.policy.exportState()), from);
      nics.setAvailable(0, 1, 2);
      for (const { policy } of [before, after]) policy.select(testBatch([60]));
      const [was, is] = [before, after].map(({ policy }) => policy.exportState().teams[0]);
      expect(is).toEqual(was);
      expect(after.moves.entries.filter(({ cause }) => cause !== 'it has its part of them')).toEqual([]);
    }
  });

  it('with other weights moves as many as these ask for, and no more', () => {
    const nics = testNics([1e9, 3e9]);
    const before = made(nics);
    before.policy.select(testBatch([60]));
    const after = made(nics, { weighted: true });
    after.policy.importState(structuredClone(before.policy.exportState()), from);
    after.policy.select(testBatch([60]));
    expect(after.moves.entries).toMatchObject([{ what: '64 buckets', from: [0], to: [1] }]);
  });

  it('leaves the state of another policy alone, and refuses one of other NICs', () => {
    const nics = testNics([1e9, 1e9]);
    const { policy } = made(nics);
    policy.importState('anything', { name: 'round-robin' });
    const state = grown(testNics([1e9, 1e9, 1e9])).policy.exportState();
    expect(() => policy.importState(state, from)).toThrow('it has other NICs');
  });
});

describe('as every load distribution, flow-hash', () => {
  it.each(conformanceLaws(plugin, { options: [{ layer: 'layer2+3', encapsulated: true, weighted: true }] }))(
    '$name',
    ({ check }) => expect(check).not.toThrow(),
  );
});

describe('an explanation', () => {
  it('names the bucket of the frame, and the NICs that have others', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    nics.setAvailable(0, 2);
    const policy = createInstance(plugin, {}, { nics, vms: testVms([{}]) }) as FlowHash;
    const frame = ethernet({ packet: ipv4({ payload: udp(7, 53) }) });
    const batch = testBatch([frame.length]);
    batch.memory = frame;
    policy.select(batch);
    const { why, state, rejected } = policy.explain(batch, 0);
    expect(why).toBe(`its headers fall into bucket ${state?.['bucket']} of 256, which is here`);
    expect([...(rejected ?? [])]).toEqual([[batch.nic[0] === 0 ? 2 : 0, 'has other buckets']]);
  });
});
