/*
 * What the types of the sdk hold a plugin's author to; compiled, not run, as builder.test-d.ts beside it.
 */
import {
  type AdmissionPolicy,
  definePlugin,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type OptionsOf,
  type Static,
  Time,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';

const options = Type.Object({ nic: Type.Integer({ default: 0 }) }, { additionalProperties: false });

/** Each token on a parameter that can take what it gives. */
class Fits implements LoadDistribution {
  constructor(
    @inject(Nics) private readonly nics: NicTable,
    // Less than what the token gives will do.
    @inject(Vms) readonly vms: Pick<VmTable, 'count'>,
    @inject(Time) readonly clock: { nowUs(): number },
    // A token cannot know the plugin's schema.
    @inject(Options) readonly given: Static<typeof options>,
  ) {}

  select(batch: TransmitBatch): undefined {
    batch.nic.fill(this.nics.available[0], 0, batch.count);
  }
}

const plugin = definePlugin({
  kind: 'load-distribution',
  name: 'fits',
  apiVersion: 1,
  options,
  implementation: Fits,
});
const received: OptionsOf<typeof plugin> = { nic: 1 };
// @ts-expect-error an option as it is received has its default in place
const incomplete: OptionsOf<typeof plugin> = {};
void [received, incomplete];

/** Tokens on parameters of another type. */
export class Mixed {
  constructor(
    // @ts-expect-error the table of the VMs is not one of NICs
    @inject(Vms) readonly nics: NicTable,
    // @ts-expect-error nor is the clock
    @inject(Time) readonly vms: VmTable,
  ) {}
}

/** A kernel that waits: the result of an async function is not `undefined`. */
export class Waits implements AdmissionPolicy {
  // @ts-expect-error a kernel is not async
  async admit(batch: TransmitBatch): Promise<undefined> {
    batch.queueFrom(0, 0);
    return undefined;
  }
}

definePlugin({
  kind: 'admission',
  name: 'mistaken',
  apiVersion: 1,
  options,
  // @ts-expect-error a load distribution has no `admit`
  implementation: Fits,
});
