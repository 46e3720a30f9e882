// A kit is no part of a test framework: any program can hold a plugin to the laws of its kind and read what it is told.
import pendingLoad from '@fairlead/load-distribution-pending-load';
import {
  definePlugin,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import { conformanceLaws, type Law, LawBroken } from '@fairlead/sdk/testing';

/** Its author did not think of a NIC that goes down. */
class ByVm implements LoadDistribution {
  constructor(@inject(Nics) private readonly nics: NicTable) {}

  select(batch: TransmitBatch): undefined {
    batch.nic.fill(batch.vm % this.nics.count, 0, batch.count);
  }
}

const byVm = definePlugin({
  kind: 'load-distribution',
  name: 'by-vm',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: ByVm,
});

/** The laws that do not hold, each with its seed, what is wrong, and the smallest scenario that shows it. */
async function brokenOf(laws: readonly Law[]): Promise<LawBroken[]> {
  const broken: LawBroken[] = [];
  for (const { check } of laws) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof LawBroken)) throw error;
      broken.push(error);
    }
  }
  return broken;
}

const sound = conformanceLaws(pendingLoad);
const none = await brokenOf(sound);
console.log(`pending-load: ${sound.length - none.length} of ${sound.length} laws hold`);

const [first, ...more] = await brokenOf(conformanceLaws(byVm));
console.log(`by-vm: ${more.length + 1} do not, of which the first:\n${first?.message}`);

// The same seed draws the same scenarios: what was found once is found again, wherever it is looked for.
const again = conformanceLaws(byVm).find(({ name }) => name === first?.law);
const seen = await brokenOf(again === undefined ? [] : [{ ...again, check: () => again.check(first?.seed) }]);
if (none.length > 0 || first === undefined || seen[0]?.message !== first.message) process.exitCode = 1;
