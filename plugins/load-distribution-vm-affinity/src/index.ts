import {
  definePlugin,
  type Explanation,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type Static,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { pinnedNics } from './pins.ts';

/** Options of VM affinity. */
export const vmAffinityOptions = Type.Object(
  {
    pins: Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })]), {
      default: {},
      description: 'NIC name, or NIC names in order of preference, by VM name or VM MAC. VMs left out are spread.',
    }),
  },
  { additionalProperties: false },
);

/**
 * Every VM has a NIC of its own, and another one only while that is not available.
 *
 * @example
 * ```ts
 * import vmAffinity, { type VmAffinity } from '@fairlead/load-distribution-vm-affinity';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * const nics = testNics([1e9, 1e9], ['eth0', 'eth1']);
 * const policy = createInstance(vmAffinity, { pins: { vm0: 'eth1' } }, { nics }) as VmAffinity;
 * const batch = testBatch([64, 64]);
 * policy.select(batch);
 * console.log(batch.nic[0], batch.nic[1]); // 1 1
 * ```
 */
export class VmAffinity implements LoadDistribution {
  /** NIC numbers in order of preference, by VM; empty for a VM that is not pinned. */
  readonly #pins: readonly (readonly number[])[];
  /** The NIC of each VM, and the epoch of the available set for which it was found. */
  readonly #nicOfVm: Int32Array;
  readonly #foundIn: Float64Array;

  /** @throws FairleadError `FAIRLEAD_ERR_CONFIG_NAME` when a pin names a VM or a NIC that the host does not have. */
  constructor(
    @inject(Nics) private readonly nics: NicTable,
    @inject(Vms) vms: VmTable,
    @inject(Options) options: Static<typeof vmAffinityOptions>,
  ) {
    this.#pins = pinnedNics(options.pins, nics, vms);
    this.#nicOfVm = new Int32Array(vms.count);
    this.#foundIn = new Float64Array(vms.count).fill(-1);
  }

  select(batch: TransmitBatch): undefined {
    const vm = batch.vm;
    if (this.#foundIn[vm] !== this.nics.epoch) {
      this.#nicOfVm[vm] = this.#find(vm);
      this.#foundIn[vm] = this.nics.epoch;
    }
    const nic = this.#nicOfVm[vm];
    const chosen = batch.nic;
    const count = batch.count;
    for (let i = 0; i < count; i++) chosen[i] = nic;
  }

  explain({ vm }: TransmitBatch): Explanation {
    const pins = this.#pins[vm];
    const nic = this.#nicOfVm[vm];
    const { available, availableCount, names } = this.nics;
    const others = [...available.subarray(0, availableCount)].filter((other) => other !== nic);
    const rejected = new Map(others.map((other) => [other, pins.includes(other) ? 'a later choice' : 'not its NIC']));
    const wanted = pins.map((pin) => names[pin]).join(', ');
    if (pins.length === 0) {
      const home = vm % this.nics.count;
      const why = nic === home ? 'not pinned: its NIC by its number' : 'not pinned, and its NIC by its number is away';
      return { why, state: { vm, home: names[home] as string }, rejected };
    }
    const why = pins.includes(nic)
      ? 'pinned: the first of its NICs that is available'
      : 'none of its NICs is available';
    return { why, state: { pins: wanted }, rejected };
  }

  /** First available preference; with none, the available NIC that follows the last preference in number. */
  #find(vm: number): number {
    const pins = this.#pins[vm];
    for (let i = 0; i < pins.length; i++) if (this.#isAvailable(pins[i])) return pins[i];
    if (pins.length > 0) return this.#following(pins[pins.length - 1], 0);

    const home = vm % this.nics.count;
    // VMs that share an unavailable home are dealt out from the next NIC on, so that no single NIC inherits them all.
    return this.#isAvailable(home) ? home : this.#following(home, Math.floor(vm / this.nics.count));
  }

  #isAvailable(nic: number): boolean {
    const { available, availableCount } = this.nics;
    for (let i = 0; i < availableCount; i++) if (available[i] === nic) return true;
    return false;
  }

  /** The available NIC `steps` places behind the first one whose number is over `nic`, going round. */
  #following(nic: number, steps: number): number {
    const { available, availableCount } = this.nics;
    let next = 0;
    while (next < availableCount && available[next] < nic) next++;
    return available[(next + steps) % availableCount];
  }
}

/**
 * The plugin: `distribution: { use: vm-affinity }`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import vmAffinity from '@fairlead/load-distribution-vm-affinity';
 *
 * const builder = createHost().distribute(use(vmAffinity, { pins: { web: 'uplink1' } }));
 * ```
 */
export default definePlugin({
  kind: 'load-distribution',
  name: 'vm-affinity',
  apiVersion: 1,
  options: vmAffinityOptions,
  implementation: VmAffinity,
  module: import.meta.url,
});
