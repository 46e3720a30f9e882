import {
  type AdmissionPolicy,
  DropReason,
  type Explanation,
  type LoadDistribution,
  type NicTable,
  type TransmitBatch,
} from '@fairlead/sdk';

/** The last resort of admission: every frame may go. */
export class AdmitAll implements AdmissionPolicy {
  admit(): undefined {}

  explain(): Explanation {
    return { why: 'no policy holds anything back' };
  }
}

/** A policy has failed whose failure mode is closed: no frame may go, each is counted under a reason of its own. */
export class DropAll implements AdmissionPolicy {
  admit(batch: TransmitBatch): undefined {
    for (let i = 0; i < batch.count; i++) batch.drop(i, DropReason.FailedClosed);
  }

  explain(): Explanation {
    return { why: 'a policy has failed whose failure mode is closed' };
  }
}

/** The host is about to stop: every frame stays where it is. */
export class HoldAll implements AdmissionPolicy {
  admit(batch: TransmitBatch): undefined {
    batch.queueFrom(0, 0);
  }
}

/** The last resort of load distribution: the first available NIC. */
export class FirstAvailable implements LoadDistribution {
  readonly #nics: NicTable;

  constructor(nics: NicTable) {
    this.#nics = nics;
  }

  select(batch: TransmitBatch): undefined {
    batch.nic.fill(this.#nics.available[0], 0, batch.count);
  }

  explain(): Explanation {
    return { why: 'the first available NIC: no policy distributes the load' };
  }
}
