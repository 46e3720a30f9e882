import { type LoadDistribution, NO_NIC_YET, type TransmitBatch } from '@fairlead/sdk';
import { Phase } from '../memory/threads.ts';
import { keepDifference, ShadowBatch } from './shadow-batch.ts';
import { demandNothing, type ShadowParts } from './shadowed-admission.ts';

/**
 * Stands in the place of a load distribution and asks it; then asks a shadow the same about copies, and writes down
 * where they differ. A frame is counted each time the host asks about it: again when its NIC was full, or went down.
 */
export class ShadowedDistribution implements LoadDistribution {
  /** The policy that decides. */
  real: LoadDistribution;
  readonly #parts: ShadowParts<LoadDistribution>;
  readonly #input: ShadowBatch;

  constructor(real: LoadDistribution, parts: ShadowParts<LoadDistribution>) {
    this.real = real;
    this.#parts = parts;
    this.#input = new ShadowBatch(parts.frameBytes);
  }

  select(batch: TransmitBatch): undefined {
    const input = this.#input;
    input.copy(batch);
    const answer = this.real.select(batch);
    if (answer !== undefined || !this.#isSound(batch)) return answer;
    const { enter, failed } = this.#parts;
    enter(Phase.ShadowSelect, input.vm);
    try {
      this.#ask(batch);
    } catch (cause) {
      failed('select', input.vm, cause);
    }
    enter(Phase.Core, 0);
  }

  /** What is wrong with the real answer is the host's to find: it does so as it would without a shadow. */
  #isSound(batch: TransmitBatch): boolean {
    for (let i = 0; i < this.#input.count; i++) if (!this.#isAvailable(batch.nic[i])) return false;
    return true;
  }

  #isAvailable(nic: number): boolean {
    const { count, availableMask } = this.#parts.nics;
    return nic >>> 0 < count && ((availableMask >>> nic) & 1) === 1;
  }

  #ask(real: TransmitBatch): void {
    const { shadow, tables, record, nics, vms } = this.#parts;
    const input = this.#input;
    const { vm, count } = input;
    tables.copyNics();
    tables.copyVm(vm);
    demandNothing(shadow.select(input.give(0)), 'select');
    for (let i = 0; i < count; i++) {
      if (input.nic[i] === NO_NIC_YET) return; // it would have them wait: they are compared when it would not
      if (!this.#isAvailable(input.nic[i])) throw new RangeError(`chose NIC ${input.nic[i]}, which is not available`);
    }
    record.countBatch();
    for (let i = 0; i < count; i++) {
      const cell = real.nic[i] * nics.count + input.nic[i];
      record.frames[cell]++;
      record.bytes[cell] += input.bytes[i];
      record.vmFrames[vm]++;
      if (real.nic[i] === input.nic[i]) record.vmSame[vm]++;
      else {
        const answers = { real: real.nic[i], shadow: input.nic[i], realRetryAtUs: 0, shadowRetryAtUs: 0 };
        keepDifference(record, input, i, answers, nics, vms);
      }
    }
  }
}
