import { describe, expect, it } from 'vitest';
import {
  type AdmissionPolicy,
  DropReason,
  definePlugin,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  Size,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '../src/index.ts';
import { PolicyCaseFailed, PolicyTester } from '../src/testing/index.ts';

/** Drops what is over a length, and lets a VM that has a limit send one frame in each millisecond. */
class Picky implements AdmissionPolicy {
  static readonly inject = [Vms, Options];
  #sent = 0;
  constructor(
    readonly vms: VmTable,
    readonly options: { maxBytes: number },
  ) {}
  sweep(): undefined {
    this.#sent = 0;
  }
  admit(batch: TransmitBatch): undefined {
    for (let i = 0; i < batch.count; i++) {
      if (batch.bytes[i] > this.options.maxBytes) batch.drop(i, DropReason.Policed);
      else if (this.vms.limitBps[batch.vm] < 1e9 && this.#sent > 0)
        return batch.queueFrom(i, batch.nowUs + 1000) as undefined;
      else this.#sent++;
    }
  }
}

const picky = definePlugin({
  kind: 'admission',
  name: 'picky',
  apiVersion: 1,
  options: Type.Object({ maxBytes: Size({ default: 1518 }) }, { additionalProperties: false }),
  implementation: Picky,
});

class Emptiest implements LoadDistribution {
  static readonly inject = [Nics];
  constructor(readonly nics: NicTable) {}
  select(batch: TransmitBatch): undefined {
    const { available, availableCount, pendingBytes } = this.nics;
    const [emptiest] = [...available.subarray(0, availableCount)].sort((a, b) => pendingBytes[a] - pendingBytes[b]);
    batch.nic.fill(emptiest, 0, batch.count);
  }
}

const emptiest = definePlugin({
  kind: 'load-distribution',
  name: 'emptiest',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: Emptiest,
});

const vms = [{ limitBps: '100Mbps', burstBytes: '3KB' }];

describe('a table of cases', () => {
  const admission = new PolicyTester(picky).run('picky', {
    cases: [
      { name: 'admits what is short', frames: [64, 1518], expect: { verdicts: ['admit', 'admit'] } },
      {
        name: 'drops what is long, and says why',
        options: { maxBytes: '1KB' },
        frames: [64, 1001, 64],
        expect: { verdicts: ['admit', 'drop', 'admit'], reasons: [null, 'policed', null] },
      },
      {
        name: 'sends one frame of a VM with a limit in each instant',
        vms,
        frames: [{ bytes: [64, 64] }, { bytes: [64] }, { atUs: 1000, bytes: [64] }],
        expect: { verdicts: ['admit', 'queue', 'queue', 'admit'], retryAtUs: [1000, 1000, null] },
      },
    ],
  });
  it.each(admission)('$name', ({ check }) => expect(check).not.toThrow());

  const distribution = new PolicyTester(emptiest).run('emptiest', {
    cases: [
      {
        name: 'takes the NIC on which least waits, until it is gone',
        nics: ['10Gbps', { name: 'idle' }, { pendingBytes: 10 }].map((nic, i) =>
          i === 0 ? { speedBps: nic as string, pendingBytes: 3000 } : (nic as object),
        ),
        frames: [{ bytes: [64, 1514] }, { bytes: [64], available: ['nic0', 2] }],
        expect: { nics: ['idle', 1, 'nic2'] },
      },
    ],
  });
  it.each(distribution)('$name', ({ check }) => expect(check).not.toThrow());
});

it('a case that is not met says which frame, and shows both sides', () => {
  const [, wrong] = new PolicyTester(picky).run('picky', {
    cases: [
      { name: 'queues', vms, frames: [64, 64], expect: { verdicts: ['admit', 'queue'] } },
      {
        name: 'drops',
        frames: [{ bytes: [64] }, { atUs: 7, bytes: [64, 1519] }],
        expect: { verdicts: ['admit', 'admit', 'queue'] },
      },
    ],
  });
  expect(wrong.check).toThrowErrorMatchingInlineSnapshot(`
    [PolicyCaseFailed: case "drops": frame 1 of batch 1 (1519 bytes, vm0, 7 us): drop, not queue
      verdicts admit admit drop
      expected admit admit queue]
  `);
  expect(wrong.check).toThrow(PolicyCaseFailed);
  expect(wrong.check).toThrow(
    expect.objectContaining({ actual: ['admit', 'admit', 'drop'], expected: ['admit', 'admit', 'queue'] }),
  );
});

describe('a table is refused', () => {
  const queues = { name: 'queues', vms, frames: [64, 64], expect: { verdicts: ['admit', 'queue'] } } as const;
  const tester = new PolicyTester(picky);

  it.each([
    ['without frames', { ...queues, name: 'b', frames: [] }, 'it has no frames'],
    ['with an empty batch', { ...queues, name: 'b', frames: [{ bytes: [] }] }, 'a batch has no frames'],
    ['that expects nothing', { ...queues, name: 'b', expect: {} }, 'it expects nothing'],
    ['that expects too little', { ...queues, name: 'b', frames: [64] }, 'it expects 2 verdicts for 1'],
    ['of a VM that is not there', { ...queues, name: 'b', frames: [{ vm: 1, bytes: [64, 64] }] }, 'there is no VM 1'],
    [
      'that goes back in time',
      {
        ...queues,
        name: 'b',
        frames: [
          { atUs: 5, bytes: [64] },
          { atUs: 4, bytes: [64] },
        ],
      },
      'comes after',
    ],
    ['with a name that is taken', { ...queues, frames: [60, 60] }, 'another case has this name'],
    [
      'with the inputs of another',
      { ...queues, name: 'b', options: { maxBytes: 1518 } },
      'case "queues" has the same inputs',
    ],
    [
      'with the inputs of another, written otherwise',
      { ...queues, name: 'b', nics: [1e9, '1000Mbps'], vms: [{ limitBps: 1e8, burstBytes: 3000 }] },
      'has the same inputs',
    ],
  ])('for a case %s', (_, second, message) => {
    expect(() => tester.run('picky', { cases: [queues, second as typeof queues] })).toThrow(message);
    expect(() => tester.run('picky', { cases: [queues, second as typeof queues] })).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_TEST_CASE' }),
    );
  });

  it('when a policy that decides nothing meets every case', () => {
    const admits = { name: 'admits', frames: [64], expect: { verdicts: ['admit'] } } as const;
    expect(() => tester.run('picky', { cases: [admits] })).toThrow('a policy that decides nothing meets every case');
    expect(() => tester.run('picky', { cases: [] })).toThrow('a policy that decides nothing meets every case');
    expect(tester.run('picky', { cases: [admits, queues] })).toHaveLength(2);
    const first = { name: 'first', frames: [64], expect: { nics: ['nic0'] } };
    expect(() => new PolicyTester(emptiest).run('emptiest', { cases: [first] })).toThrow('decides nothing');
  });

  it('for a case in which there is one NIC, or of a NIC that is not there', () => {
    const run = (nics: readonly object[], nic: string) => () =>
      new PolicyTester(emptiest).run('emptiest', {
        cases: [{ name: 'a', nics, frames: [64], expect: { nics: [nic] } }],
      });
    expect(run([{}, { available: false }], 'nic0')).toThrow('any policy meets it');
    expect(run([{}, {}], 'eth0')).toThrow('there is no NIC eth0 (at case "a"); use one of nic0, nic1');
  });
});
