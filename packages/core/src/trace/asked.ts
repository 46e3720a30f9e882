import type { AdmissionPolicy, Explanation, LoadDistribution, TransmitBatch } from '@fairlead/sdk';
import type { Policies } from '../path/policies.ts';

/** Frames of a batch that are explained at most. */
const MOST_EXPLAINED = 64;

/** Stands before both policies for one turn of one VM, and has them explain what they have answered. */
export class Asked {
  /** Frames that admission was asked about; undefined: it was not, as for frames that it had admitted before. */
  count: number | undefined;
  /** Who was there when the turn began. */
  readonly names: Policies['names'];
  readonly #policies: Policies;
  readonly #admission: AdmissionPolicy;
  readonly #distribution: LoadDistribution;
  readonly #ofAdmission: (Explanation | undefined)[] = [];
  readonly #ofDistribution: (Explanation | undefined)[] = [];
  readonly #admissionBefore: AdmissionPolicy;
  readonly #distributionBefore: LoadDistribution;
  #selected = false;
  admissionFailed = false;
  distributionFailed = false;

  constructor(policies: Policies) {
    this.#policies = policies;
    this.names = policies.names;
    const { admission, distribution } = policies;
    const [ofAdmission, ofDistribution] = [this.#ofAdmission, this.#ofDistribution];
    this.#admission = {
      admit: (batch) => {
        this.count = batch.count;
        const answer = admission.admit(batch);
        explainAll(policies.behind('admission', admission), batch, ofAdmission);
        return answer;
      },
    };
    this.#distribution = {
      select: (batch) => {
        this.#selected = true;
        const answer = distribution.select(batch);
        explainAll(policies.behind('distribution', distribution), batch, ofDistribution);
        return answer;
      },
    };
    this.#admissionBefore = admission;
    this.#distributionBefore = distribution;
    policies.admission = this.#admission;
    policies.distribution = this.#distribution;
  }

  /** Steps aside. Where a policy failed meanwhile, another one is in its place already, and stays. */
  end(): void {
    const policies = this.#policies;
    this.admissionFailed = policies.admission !== this.#admission;
    this.distributionFailed = policies.distribution !== this.#distribution;
    if (this.failed) return;
    policies.admission = this.#admissionBefore;
    policies.distribution = this.#distributionBefore;
  }

  get failed(): boolean {
    return this.admissionFailed || this.distributionFailed;
  }

  /** True when the NIC was chosen, and not by load distribution. */
  get pinned(): boolean {
    return !this.#selected && !this.distributionFailed;
  }

  /** What admission says of frame `i` of the batch. */
  admitted(i: number): Explanation | undefined {
    return this.admissionFailed ? undefined : this.#ofAdmission[i];
  }

  /** What load distribution says of frame `i` of those that were admitted. */
  chosen(i: number): Explanation | undefined {
    return this.distributionFailed ? undefined : this.#ofDistribution[i];
  }
}

function explainAll(
  policy: AdmissionPolicy | LoadDistribution,
  batch: TransmitBatch,
  into: (Explanation | undefined)[],
): void {
  for (let i = 0; i < Math.min(batch.count, MOST_EXPLAINED); i++) into[i] = explain(policy, batch, i);
}

/** One that cannot explain itself serves on: nothing has come of it for the frames. */
function explain(policy: AdmissionPolicy | LoadDistribution, batch: TransmitBatch, i: number): Explanation | undefined {
  try {
    return policy.explain?.(batch, i);
  } catch (cause) {
    return { why: `its explain() threw: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
}
