import { describe, expect, it } from 'vitest';
import { type LoadDistribution, type NicTable, type TransmitBatch, Verdict } from '../src/index.ts';
import {
  type KitParts,
  type Law,
  LawBroken,
  loadDistributionLaws,
  type MakeLoadDistribution,
} from '../src/testing/index.ts';

/** A load distribution from its `select` alone. */
function selecting(make: (parts: KitParts) => (batch: TransmitBatch) => unknown): MakeLoadDistribution {
  return (parts) => ({ select: make(parts) }) as LoadDistribution;
}

function fill(batch: TransmitBatch, nic: number): void {
  batch.nic.fill(nic, 0, batch.count);
}

const firstAvailable = selecting(
  ({ nics }) =>
    (batch) =>
      fill(batch, nics.available[0]),
);
const turns = selecting(({ nics }) => {
  let at = 0;
  return (batch) => {
    for (let i = 0; i < batch.count; i++) batch.nic[i] = nics.available[at++ % nics.availableCount];
  };
});

/** A count that all instances share, as a module's variable is. */
let shared = 0;

/** For each law a plugin with the mistake that the law is there to find. */
const BROKEN: Record<string, MakeLoadDistribution> = {
  'names an available NIC for every frame': selecting(() => (batch) => fill(batch, 0)),
  'goes on over the NICs that are left when some leave and return': selecting(({ nics }) => {
    const atTheStart = [...nics.available.subarray(0, nics.availableCount)];
    return (batch) => fill(batch, atTheStart[batch.backlog % atTheStart.length]);
  }),
  'serves 1 to 32 NICs and 1 to 256 frames of any length': selecting(({ nics }) => {
    const bytesByNic = new Uint8Array(16);
    return (batch) => {
      for (let i = 0; i < batch.count; i++) {
        // Too few places: a NIC from number 16 on always looks unused, and undefined is never the least.
        const least = Math.min(
          ...nics.available.subarray(0, nics.availableCount).map((nic) => bytesByNic[nic] ?? Number.NaN),
        );
        batch.nic[i] = bytesByNic.indexOf(least);
      }
    };
  }),
  'answers undefined, at once': selecting(
    ({ nics }) =>
      async (batch) =>
        fill(batch, nics.available[0]),
  ),
  'writes nothing behind the last frame': selecting(({ nics }) => (batch) => {
    batch.nic.fill(nics.available[0]);
  }),
  'writes nothing of the batch but the NIC': selecting(({ nics }) => (batch) => {
    fill(batch, nics.available[0]);
    if (batch.bytes[0] > 1500) batch.verdict[0] = Verdict.Drop;
  }),
  'leaves the tables to their writers': selecting(({ nics }) => (batch) => {
    fill(batch, nics.available[0]);
    nics.pendingBytes[nics.available[0]] += batch.bytes[0];
  }),
  'keeps nothing of the batch': selecting(({ nics }) => {
    let kept: TransmitBatch | undefined;
    return (batch) => {
      kept ??= batch;
      fill(batch, nics.available[kept.count % nics.availableCount]);
    };
  }),
  'decides alike in two instances, which share nothing': selecting(({ nics }) => (batch) => {
    fill(batch, nics.available[shared++ % nics.availableCount]);
  }),
};

function lawOf(make: MakeLoadDistribution, name: string): Law {
  const law = loadDistributionLaws(make).find((candidate) => candidate.name === name);
  if (law === undefined) throw new Error(`there is no law "${name}"`);
  return law;
}

describe('the laws of load distribution', () => {
  it.each(loadDistributionLaws(turns))('hold for a right plugin: it $name', ({ check }) => {
    for (const seed of [1, 2, 3]) expect(() => check(seed)).not.toThrow();
  });

  it('each have a plugin here that breaks them', () => {
    expect(Object.keys(BROKEN).sort()).toEqual(
      loadDistributionLaws(turns)
        .map((law) => law.name)
        .sort(),
    );
  });

  it.each(Object.entries(BROKEN))('find the plugin that does not: %s', (name, make) => {
    const law = lawOf(make, name);
    for (const seed of [1, 2, 3]) expect(() => law.check(seed)).toThrow(LawBroken);
  });

  it('tell the smallest scenario, and how to come back to it', () => {
    const [law] = loadDistributionLaws(BROKEN['names an available NIC for every frame']);
    expect(() => law.check(7)).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "names an available NIC for every frame" does not hold (seed 7): at batch 0, it chose NIC 0, which is not available, for frame 0
        NICs nic0 1 Gbit/s, nic1 1 Gbit/s; 1 VMs
        batch 0: of vm0, frames of 64 bytes; available NICs 1]
    `);
  });

  it('tell of a plugin that throws', () => {
    const laws = loadDistributionLaws(
      selecting(({ nics }: { nics: NicTable }) => (batch) => {
        if (batch.count > 2) throw new RangeError('three is a crowd');
        fill(batch, nics.available[0]);
      }),
    );
    expect(() => laws[0].check()).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "names an available NIC for every frame" does not hold (seed 1): it threw RangeError: three is a crowd
        NICs nic0 1 Gbit/s; 1 VMs
        batch 0: of vm0, frames of 64 ×3 bytes; available NICs 0]
    `);
  });

  it.each(loadDistributionLaws(firstAvailable))('hold for the first available NIC always: it $name', ({ check }) => {
    expect(check).not.toThrow();
  });
});
