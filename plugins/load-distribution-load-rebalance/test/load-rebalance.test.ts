import { conformanceLaws } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin from '../src/index.ts';
import { Link, zipf } from './link.ts';

const SECOND_US = 1_000_000;
const EVERY_SECOND = { intervalMs: '1s', thresholdPercent: 0 };
const BY_BUCKET = { ...EVERY_SECOND, granularity: 'bucket' };

/** A second in which each VM sends its bytes, all of which the NICs take. */
function second(link: Link, bytesByVm: readonly number[]): number[] {
  for (const [vm, bytes] of bytesByVm.entries()) if (bytes > 0) link.send(vm, [bytes]);
  link.drainAll();
  link.clock.advance(SECOND_US);
  return link.takeSent();
}

describe('load-rebalance', () => {
  it('deals VMs out in turn, and keeps each on its NIC while the load is even', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    for (let s = 0; s < 5; s++) expect(second(link, [1000, 1000, 1000, 1000])).toEqual([2000, 2000]);
    expect(link.moves).toEqual([]);
  });

  it('moves the VM after which the NICs are most alike, of those that are equally good the smallest', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    const load = [700_000, 100_000, 300_000, 100_000]; // 1,000,000 to 200,000
    expect(second(link, load)).toEqual([1_000_000, 200_000]);
    expect(second(link, load)).toEqual([700_000, 500_000]);
    for (let s = 0; s < 5; s++) second(link, load);
    expect(link.moves).toEqual(['VM vm2 nic0 > nic1']);
    const cause = 'uneven load, 0.8% of its speed to 0.2%';
    expect(link.told.entries).toEqual([{ team: 0, vm: 2, from: [0], to: [1], cause }]);
  });

  it('exchanges two VMs where no single one would do', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    const load = [600_000, 300_000, 500_000, 400_000]; // 1,100,000 to 700,000
    second(link, load);
    expect(second(link, load)).toEqual([900_000, 900_000]);
    expect(link.moves).toEqual(['VM vm0 nic0 > nic1', 'VM vm3 nic1 > nic0']);
  });

  it('leaves NICs alone that differ by less than 3% of the mean', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    for (let s = 0; s < 5; s++) second(link, [500_000, 495_000, 15_000, 5_000]);
    expect(link.moves).toEqual([]);
  });

  it('weighs load by the speed of the NIC', () => {
    const link = new Link([1e9, 4e9], 10, EVERY_SECOND);
    const load = Array<number>(10).fill(100_000);
    for (let s = 0; s < 3; s++) second(link, load);
    expect(second(link, load)).toEqual([200_000, 800_000]);
  });

  it('does nothing below the threshold, which is of the speed', () => {
    const link = new Link([8e6, 8e6], 4, { intervalMs: '1s' }); // a million bytes a second
    const load = [400_000, 0, 349_000, 0];
    for (let s = 0; s < 5; s++) expect(second(link, load)).toEqual([749_000, 0]);
    expect(link.moves).toEqual([]);
    load[2] = 350_000;
    second(link, load);
    expect(second(link, load)).toEqual([400_000, 350_000]);
    expect(link.log.entries[0]).toMatchObject({
      message: 'moving VM vm2 from nic0 to nic1: uneven load',
      fields: { loadBps: 2_800_000, fromPercent: 75, toPercent: 0 },
    });
  });

  it('never moves a VM that is alone on its NIC, whatever it sends', () => {
    const link = new Link([1e9, 1e9, 1e9], 3, EVERY_SECOND);
    for (let s = 0; s < 50; s++) second(link, [s % 2 === 0 ? 90_000_000 : 10, 1000, 500]);
    expect(link.moves).toEqual([]);
  });

  it('can measure what VMs receive', () => {
    const link = new Link([1e9, 1e9], 4, { ...EVERY_SECOND, load: 'rx' });
    for (let s = 0; s < 3; s++) {
      link.vms.rxBytes[0] += 700_000;
      link.vms.rxBytes[2] += 300_000;
      second(link, [100, 100, 100, 100]);
    }
    expect(link.moves).toEqual(['VM vm2 nic0 > nic1']);
    expect(() => new Link([1e9], 1, { granularity: 'bucket', load: 'rx' })).toThrow(
      /buckets of flows receive is not known.*FAIRLEAD_ERR_PLUGIN_OPTIONS/s,
    );
  });
});

describe('a move', () => {
  /** Two VMs on NIC 0 that have sent, of which the second is about to go to NIC 1. */
  function moving(): Link {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    link.send(0, [900_000]);
    link.drainAll();
    link.send(2, [400_000, 100]);
    link.clock.advance(SECOND_US);
    return link;
  }

  it('waits until the NIC has taken the frames that the VM had there', () => {
    const link = moving();
    expect(link.send(2, [60, 60])).toEqual([]);
    expect(link.moves).toEqual(['VM vm2 nic0 > nic1']);
    link.drain(0, 1);
    expect(link.send(2, [60, 60])).toEqual([]);
    link.drain(0, 1);
    expect(link.send(2, [60, 60])).toEqual([1, 1]);
  });

  it('waits for no other VM’s frames', () => {
    const link = moving();
    expect(link.send(0, [60, 60, 60])).toEqual([0, 0, 0]);
    link.drain(0, 2);
    expect(link.send(2, [60])).toEqual([1]);
  });

  it('is made at once when the NIC goes: what it had is taken back first', () => {
    const link = moving();
    link.send(0, [60]);
    link.nics.setAvailable(1);
    expect(link.send(2, [60])).toEqual([1]);
  });

  it('of a bucket keeps the frames behind it in order, too', () => {
    const link = new Link([1e9, 1e9], 1, BY_BUCKET);
    link.send(0, [900_000], [0]);
    link.drainAll();
    link.send(0, [400_000, 100], [2, 2]);
    link.clock.advance(SECOND_US);
    expect(link.send(0, [60, 60, 60], [0, 2, 0])).toEqual([0]);
    link.drainAll();
    expect(link.send(0, [60, 60], [2, 0])).toEqual([1, 0]);
    expect(link.moves).toEqual(['bucket 2 nic0 > nic1']);
    expect(link.told.entries).toMatchObject([{ team: 0, what: 'bucket 2', from: [0], to: [1] }]);
  });
});

describe('an explanation', () => {
  it('says whose place it is, and what the NICs had to carry', () => {
    const link = new Link([8e6, 8e6], 4, EVERY_SECOND);
    second(link, [400_000, 100_000, 0, 0]);
    expect(link.explain(0, [60])).toEqual([
      {
        why: 'VM vm0 is here',
        state: { loadBps: 3_200_000, nicPercent: 40 },
        rejected: new Map([[1, 'had 10% of its speed to carry in the last interval']]),
      },
    ]);
  });

  it('says what a VM that moves waits for, and who waits behind', () => {
    const link = new Link([1e9, 1e9, 1e9], 1, BY_BUCKET);
    link.send(0, [900_000], [0]);
    link.drainAll();
    link.send(0, [400_000], [3]);
    link.clock.advance(SECOND_US);
    const [here, waits, behind] = link.explain(0, [60, 60, 60], [0, 3, 0]);
    expect(here?.why).toBe('bucket 0 is here');
    expect(waits).toEqual({
      why: 'bucket 3 moves to nic1 as soon as nic0 has taken what it has of it',
      state: { loadBps: 3_200_000, pendingFrames: 1 },
      rejected: new Map([
        [0, 'still has frames of it'],
        [1, 'is next'],
        [2, 'is not where it moves to'],
      ]),
    });
    expect(behind?.why).toBe('it is behind a frame that waits');
  });
});

describe('a successor', () => {
  it('has every VM go on where it was, those that were moved and those whose NIC is away', () => {
    const link = new Link([1e9, 1e9, 1e9], 6, EVERY_SECOND);
    const load = [700_000, 100_000, 1000, 300_000, 1000, 1000];
    for (let s = 0; s < 4; s++) second(link, load);
    link.nics.setAvailable(0, 1);
    const before = second(link, load);
    const moves = link.told.entries.length;
    expect(moves).toBeGreaterThan(0);
    link.swap({ ...EVERY_SECOND, thresholdPercent: 10 });
    expect(second(link, load)).toEqual(before);
    expect(link.told.entries).toHaveLength(moves);
    link.nics.setAvailable(0, 1, 2);
    second(link, load);
    expect(link.told.entries.slice(moves).map(({ cause }) => cause)).toEqual(
      link.told.entries.slice(moves).map(() => 'the NIC that they belong to has returned'),
    );
  });

  it('goes on with a move that waits, and with the wait', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    link.send(0, [900_000]);
    link.drainAll();
    link.send(2, [400_000, 100]);
    link.clock.advance(SECOND_US);
    expect(link.send(2, [60, 60])).toEqual([]);
    link.swap(EVERY_SECOND);
    link.drain(0, 1);
    expect(link.send(2, [60, 60])).toEqual([]);
    link.drain(0, 1);
    expect(link.send(2, [60, 60])).toEqual([1, 1]);
  });

  it('that moves other units starts afresh', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    second(link, [1000, 1000, 1000, 1000]);
    link.swap(BY_BUCKET);
    expect(second(link, [1000, 1000, 1000, 1000])).toEqual([4000, 0]); // all in bucket 0
  });

  it('takes what VMs had received before for no load', () => {
    const link = new Link([1e9, 1e9], 4, { ...EVERY_SECOND, load: 'rx' });
    link.vms.rxBytes.set([700_000, 0, 300_000, 0]);
    link.swap({ ...EVERY_SECOND, load: 'rx' });
    for (let s = 0; s < 3; s++) second(link, [100, 100, 100, 100]);
    expect(link.moves).toEqual([]);
  });
});

describe('a NIC', () => {
  it('that leaves hands its VMs to the others, and has them back when it returns', () => {
    const link = new Link([1e9, 1e9, 1e9], 6, EVERY_SECOND);
    const load = Array<number>(6).fill(1000);
    expect(second(link, load)).toEqual([2000, 2000, 2000]);
    link.nics.setAvailable(0, 2);
    expect(second(link, load)).toEqual([3000, 0, 3000]);
    link.nics.setAvailable(0, 1, 2);
    expect(second(link, load)).toEqual([2000, 2000, 2000]);
    expect(link.log.entries.map(({ message }) => message)).toEqual([
      'moved 2 VMs: their NIC is not available',
      'moving 2 VMs back: their NIC has returned',
    ]);
    const [gone, back] = ['their NIC is not available', 'the NIC that they belong to has returned'];
    expect(link.told.entries).toEqual([
      { team: 0, vm: 1, from: [1], to: [0], cause: gone },
      { team: 0, vm: 4, from: [1], to: [2], cause: gone },
      { team: 0, vm: 1, from: [0], to: [1], cause: back },
      { team: 0, vm: 4, from: [2], to: [1], cause: back },
    ]);
  });

  it('that comes later has its part of the VMs that nobody has moved', () => {
    const link = new Link([1e9, 1e9], 4, { thresholdPercent: 100 });
    link.nics.setAvailable(0);
    const load = Array<number>(4).fill(1000);
    expect(second(link, load)).toEqual([4000, 0]);
    link.nics.setAvailable(0, 1);
    expect(second(link, load)).toEqual([2000, 2000]);
  });
});

describe('what counts as load', () => {
  it('is what found room: a frame that is asked about again counts once', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    const full = (): void => {
      // NIC 0 has no room: the host asks, and nothing is put on a queue.
      const { enqueuedFrames, pendingFrames } = link.nics;
      const before = [enqueuedFrames[0], pendingFrames[0]] as [number, number];
      link.send(0, [1_000_000]);
      [enqueuedFrames[0], pendingFrames[0]] = before;
    };
    second(link, [1000, 1000, 1000, 1000]);
    for (let i = 0; i < 100; i++) full();
    second(link, [1000, 1000, 1000, 1000]);
    expect(link.moves).toEqual([]);
  });

  it('does not grow when frames are taken back from a NIC that went', () => {
    const link = new Link([1e9, 1e9], 4, EVERY_SECOND);
    link.send(0, [1_000_000]);
    link.send(1, [1_000_000]);
    link.nics.setAvailable(1);
    link.send(0, [1_000_000]); // the same frame, by another NIC
    link.nics.takenBackFrames[0]++;
    link.drainAll();
    link.nics.setAvailable(0, 1);
    link.clock.advance(SECOND_US);
    link.send(3, [1]);
    expect(link.moves).toEqual([]);
  });
});

/** Runs constant Zipf load to rest; the most loaded NIC against the best that any assignment could reach. */
function skew(units: number, nicCount: number, granularity: 'vm' | 'bucket') {
  const link = new Link(Array<number>(nicCount).fill(100e9), granularity === 'vm' ? units : 1, {
    ...EVERY_SECOND,
    granularity,
  });
  const loads = zipf(units).map((part) => Math.round(part * 1e10));
  const seconds = (): number[] => {
    for (const [unit, bytes] of loads.entries()) {
      if (granularity === 'vm') link.send(unit, [bytes]);
      else link.send(0, [bytes], [unit]);
    }
    link.drainAll();
    link.clock.advance(SECOND_US);
    return link.takeSent();
  };
  const initial = seconds();
  let moves = -1;
  let intervals = 0;
  for (; link.log.entries.length !== moves; intervals++) {
    moves = link.log.entries.length;
    seconds();
  }
  for (let s = 0; s < 5; s++) seconds();
  expect(link.log.entries.length).toBe(moves); // constant load: no more moves
  const final = seconds();
  // The heaviest bucket may hold several units.
  const carried = Array<number>(granularity === 'vm' ? units : 256).fill(0);
  for (const [unit, bytes] of loads.entries()) carried[unit % carried.length] += bytes;
  const best = Math.max(loads.reduce((sum, bytes) => sum + bytes, 0) / nicCount, ...carried);
  const over = (sent: number[]): number => 100 * (Math.max(...sent) / best - 1);
  return { initial: over(initial), final: over(final), moves, intervals };
}

describe('skew between equal NICs under load of Zipf’s law', () => {
  it('is at most 5% over the best that any assignment could reach, and constant load comes to rest', () => {
    const lines = [['units', 'NICs', 'at first', 'at rest', 'moves', 'intervals']];
    for (const granularity of ['vm', 'bucket'] as const) {
      for (const units of granularity === 'vm' ? [101, 10_000] : [10_000]) {
        for (const nicCount of [2, 3, 4, 8, 16]) {
          const { initial, final, moves, intervals } = skew(units, nicCount, granularity);
          expect(final).toBeLessThanOrEqual(5);
          const percent = (value: number): string => `${value.toFixed(1)} %`;
          const name = granularity === 'vm' ? `${units} VMs` : `${units} flows in 256 buckets`;
          lines.push([name, `${nicCount}`, percent(initial), percent(final), `${moves}`, `${intervals}`]);
        }
      }
    }
    const text = lines.map(
      ([name = '', ...cells]) => name.padEnd(28) + cells.map((cell) => cell.padStart(10)).join(''),
    );
    expect(`\n${text.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      units                             NICs  at first   at rest     moves intervals
      101 VMs                              2    13.4 %     0.6 %         1         2
      101 VMs                              3    28.0 %     1.3 %         3         2
      101 VMs                              4    43.8 %     0.6 %         7         2
      101 VMs                              8    36.6 %     0.0 %        12         2
      101 VMs                             16    14.8 %     0.0 %         6         2
      10000 VMs                            2     7.1 %     0.3 %         1         2
      10000 VMs                            3    14.9 %     0.7 %         3         2
      10000 VMs                            4    23.1 %     1.3 %         6         2
      10000 VMs                            8    58.6 %     1.2 %       189         2
      10000 VMs                           16    43.2 %     0.0 %       624         4
      10000 flows in 256 buckets           2     7.1 %     0.1 %         1         2
      10000 flows in 256 buckets           3    15.2 %     1.1 %         3         2
      10000 flows in 256 buckets           4    23.1 %     0.4 %         5         2
      10000 flows in 256 buckets           8    58.6 %     1.0 %        23         2
      10000 flows in 256 buckets          16    40.9 %     0.0 %        15         2
      "
    `);
  }, 60_000);
});

describe('as every load distribution, load-rebalance', () => {
  it.each(conformanceLaws(plugin, { options: [{ granularity: 'bucket', intervalMs: 1, thresholdPercent: 0 }] }))(
    '$name',
    ({ check }) => expect(check).not.toThrow(),
  );
});
