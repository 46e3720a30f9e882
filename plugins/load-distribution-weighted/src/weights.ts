import { FairleadError, MAX_NICS, type NicTable } from '@fairlead/sdk';

/**
 * The weight of each NIC, by number.
 * @throws FairleadError `FAIRLEAD_ERR_CONFIG_NAME` for a name that no NIC has.
 */
export function weightsOf(written: Readonly<Record<string, number>>, { names }: NicTable): Float64Array {
  const weights = new Float64Array(MAX_NICS).fill(1);
  for (const [name, weight] of Object.entries(written)) {
    const nic = names.indexOf(name);
    if (nic < 0) {
      throw new FairleadError('FAIRLEAD_ERR_CONFIG_NAME', `no NIC is called "${name}"`, {
        where: `options.weights.${name}`,
        mend: `use one of ${names.join(', ')}`,
      });
    }
    weights[nic] = weight;
  }
  return weights;
}

/**
 * Smooth weighted round robin, as in nginx's upstream balancer: each NIC earns its weight, the richest is next and pays
 * what all have earned.
 */
export class Turn {
  /** By NIC number: what each has earned and not used. */
  readonly credit = new Float64Array(MAX_NICS);
  readonly #weights: Float64Array;

  constructor(weights: Float64Array) {
    this.#weights = weights;
  }

  /** The next one of the first `count` NICs of a list; NICs without a weight only when none has one. */
  next(nics: Int32Array, count: number): number {
    const credit = this.credit;
    const weights = this.#weights;
    let total = 0;
    for (let k = 0; k < count; k++) total += weights[nics[k]];
    const all = total === 0;
    if (all) total = count;
    let richest = -1;
    for (let k = 0; k < count; k++) {
      const nic = nics[k];
      const weight = all ? 1 : weights[nic];
      if (weight === 0) continue;
      credit[nic] += weight;
      if (richest < 0 || credit[nic] > credit[richest]) richest = nic;
    }
    credit[richest] -= total;
    return richest;
  }

  /** Debts are forgotten: other NICs are available. */
  clear(): void {
    this.credit.fill(0);
  }
}
