import {
  type AdmissionPolicy,
  DropReason,
  definePlugin,
  inject,
  type Lifecycle,
  Options,
  type Static,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';

const MOST_FLOWS = 64;

const options = Type.Object(
  {
    flows: Type.Integer({
      default: 3,
      minimum: 0,
      maximum: MOST_FLOWS,
      description: 'Flows of a VM; more are dropped.',
    }),
  },
  { additionalProperties: false },
);

/** So many flows of each VM as its options say, the first that are seen; frames of others are dropped. */
class FlowLimit implements AdmissionPolicy, Lifecycle {
  readonly #flows: number;
  /** Flows of each VM, in the order in which they were first seen. */
  readonly #known: Int32Array;
  readonly #count: Int32Array;

  constructor(@inject(Vms) vms: VmTable, @inject(Options) { flows }: Static<typeof options>) {
    this.#flows = flows;
    this.#known = new Int32Array(vms.count * MOST_FLOWS);
    this.#count = new Int32Array(vms.count);
  }

  admit(batch: TransmitBatch): undefined {
    for (let i = 0; i < batch.count; i++) {
      if (!this.#isKept(batch.vm, batch.flow[i])) batch.drop(i, DropReason.Policed);
    }
  }

  #isKept(vm: number, flow: number): boolean {
    const from = vm * MOST_FLOWS;
    const count = this.#count[vm];
    for (let k = 0; k < count; k++) if (this.#known[from + k] === flow) return true;
    if (count >= this.#flows) return false;
    this.#known[from + count] = flow;
    this.#count[vm] = count + 1;
    return true;
  }

  exportState(): { known: Int32Array; count: Int32Array } {
    return { known: this.#known.slice(), count: this.#count.slice() };
  }

  importState(state: unknown): undefined {
    const { known, count } = state as { known: Int32Array; count: Int32Array };
    this.#known.set(known);
    this.#count.set(count);
  }
}

/** A limit of flows for each VM: what a policy that a user brings along can be. */
export default definePlugin({
  kind: 'admission',
  name: 'flow-limit',
  apiVersion: 1,
  options,
  needs: ['flow'],
  implementation: FlowLimit,
});
