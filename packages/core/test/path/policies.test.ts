import { DropReason, type TransmitBatch } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { ALL_WELL, admitting, OneLoop, selecting } from '../given/one-loop.ts';

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const toNic = (nic: number) => selecting((batch) => void batch.nic.fill(nic, 0, batch.count));

/** Ways in which a policy may go wrong. */
const promise = Promise.resolve();
const WRONG_ADMISSIONS: [string, (batch: TransmitBatch) => unknown, string][] = [
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'THREW',
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
    'THREW',
  ],
  ['returns a promise', () => promise, 'ASYNC'],
  ['returns a number', () => 0, 'ANSWER'],
  [
    'queues from a frame before the first',
    (batch) => {
      batch.queuedFrom = -1;
    },
    'RANGE',
  ],
  [
    'queues from a frame behind the last',
    (batch) => {
      batch.queuedFrom = batch.count + 1;
    },
    'RANGE',
  ],
  [
    'queues from no number',
    (batch) => {
      batch.queuedFrom = Number.NaN;
    },
    'RANGE',
  ],
  [
    'drops and queues, and then throws',
    (batch) => {
      batch.drop(0, DropReason.Policed);
      batch.queueFrom(1, 1e9);
      throw new Error('late');
    },
    'THREW',
  ],
];
const WRONG_CHOICES: [string, (batch: TransmitBatch) => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('broken');
    },
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
  ],
  [
    'returns a promise',
    (batch) => {
      batch.nic.fill(0);
      return promise;
    },
  ],
  ['chooses a NIC that does not exist', (batch) => void batch.nic.fill(2, 0, batch.count)],
  ['chooses the NIC number 2^31 - 1', (batch) => void batch.nic.fill(0x7fff_ffff, 0, batch.count)],
  ['chooses a negative NIC', (batch) => void batch.nic.fill(-1, 0, batch.count)],
  ['chooses a NIC that is 32 too high', (batch) => void batch.nic.fill(32, 0, batch.count)],
  [
    'chooses a wrong NIC for the last frame',
    (batch) => {
      batch.nic.fill(0);
      batch.nic[batch.count - 1] = 7;
    },
  ],
];

describe('an admission policy', () => {
  it.each(WRONG_ADMISSIONS)('is put aside when it %s, and every frame may go', (_, admit, code) => {
    const loop = new OneLoop({ admission: admitting(admit) });
    loop.offerMarks(0, ...upTo(6));
    loop.sweep(2);
    expect(loop.faults).toEqual([
      expect.objectContaining({ plugin: 'admission', hook: 'admit', vm: 0, fallback: 'admit-all' }),
    ]);
    expect(loop.faults[0].error).toMatchObject({ code: `FAIRLEAD_ERR_PLUGIN_${code}`, where: 'admission.admit' });
    expect(loop.policies.names.admission).toBe('admit-all');
    expect(loop.nics[0].marks).toEqual(upTo(6));
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each(WRONG_ADMISSIONS)(
    'is put aside when it %s after it went well, and its fallback decides that batch',
    (_, admit) => {
      let calls = 0;
      const fallback = admitting((batch) => batch.drop(0, DropReason.Policed));
      const loop = new OneLoop({
        admission: admitting((batch) => (++calls > 2 ? admit(batch) : undefined)),
        fallbackAdmission: fallback,
        batchFrames: 3,
      });
      loop.offerMarks(0, ...upTo(12));
      loop.sweep(5);
      expect(loop.faults.map(({ fallback: next }) => next)).toEqual(['second-admission']);
      expect(loop.nics[0].marks).toEqual([0, 1, 2, 3, 4, 5, 7, 8, 10, 11]);
      expect(loop.wrongs()).toEqual(ALL_WELL);
    },
  );

  it('is put aside when its sweep throws', () => {
    const loop = new OneLoop({
      admission: admitting(
        () => undefined,
        () => {
          throw new Error('swept away');
        },
      ),
    });
    loop.offerMarks(0, 1);
    loop.sweep(2);
    expect(loop.faults.map(({ hook, plugin }) => [plugin, hook])).toEqual([['admission', 'sweep']]);
    expect(loop.nics[0].marks).toEqual([1]);
  });
});

describe('a load distribution', () => {
  it.each(WRONG_CHOICES)('is put aside when it %s, and the first available NIC serves', (_, select) => {
    const loop = new OneLoop({ distribution: selecting(select) });
    loop.offerMarks(1, ...upTo(6));
    loop.sweep(2);
    expect(loop.faults).toEqual([
      expect.objectContaining({ plugin: 'distribution', hook: 'select', vm: 1, fallback: 'first-available' }),
    ]);
    expect(loop.nics.map((nic) => nic.marks)).toEqual([upTo(6), []]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it.each(WRONG_CHOICES)('takes nothing back that it chose well, when it later %s', (_, select) => {
    let calls = 0;
    const loop = new OneLoop({
      distribution: selecting((batch) => {
        if (++calls > 2) return select(batch);
        batch.nic.fill(calls - 1, 0, batch.count);
        return undefined;
      }),
      fallbackDistribution: toNic(1),
      batchFrames: 4,
    });
    for (const nic of loop.nics) nic.room = 0;
    loop.offerMarks(0, ...upTo(12));
    loop.sweep(4);
    expect(loop.faults.map(({ fallback }) => fallback)).toEqual(['second']);
    const { pendingFrames, pendingBytes, enqueuedFrames } = loop.arena.nics;
    expect([...pendingFrames, ...pendingBytes, ...enqueuedFrames]).toEqual([4, 8, 256, 512, 4, 8]);
    for (const nic of loop.nics) nic.room = Number.POSITIVE_INFINITY;
    loop.sweep();
    expect(loop.nics.map((nic) => nic.marks)).toEqual([upTo(4), upTo(8, 4)]);
    expect(loop.outside.vms.transmittedFrames[0]).toBe(12);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is put aside when it chooses a NIC that is down', () => {
    const loop = new OneLoop({ distribution: toNic(0) });
    loop.setAvailable(1);
    loop.offerMarks(0, 1, 2);
    loop.sweep();
    expect(loop.faults.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('chose NIC 0, which is not available'),
    ]);
    expect(loop.nics[1].marks).toEqual([1, 2]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('is not asked while no NIC is available', () => {
    let asked = 0;
    const loop = new OneLoop({ distribution: selecting(() => void asked++) });
    loop.setAvailable();
    loop.offerMarks(0, 1, 2);
    loop.sweep(3);
    expect([asked, loop.outside.txRings.length(0), loop.outside.vms.backlogFrames[0]]).toEqual([0, 2, 2]);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('gives every VM its turn, starting behind the one that was served last', () => {
    const order: number[] = [];
    const loop = new OneLoop({
      shape: { vms: 40 },
      batchFrames: 2,
      distribution: selecting((batch) => {
        order.push(batch.vm);
        batch.nic.fill(0, 0, batch.count);
      }),
    });
    for (const vm of [0, 31, 32, 39]) loop.offerMarks(vm, ...upTo(4));
    loop.sweep(2);
    expect(order).toEqual([0, 31, 32, 39, 0, 31, 32, 39]);
  });
});
