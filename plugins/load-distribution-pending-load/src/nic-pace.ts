import { MAX_NICS, type NicTable } from '@fairlead/sdk';

/** Taken for every NIC when none says its speed: then they are alike, and any figure will do. */
const SPEED_WHEN_NONE_IS_KNOWN_BPS = 1e9;

/** How long each NIC takes over a byte. A NIC that does not say its speed counts as one of the slowest that do. */
export class NicPace {
  readonly usPerByte = new Float64Array(MAX_NICS);
  /** The speed of each NIC when it was last learnt, as the table had it. */
  readonly learntBps = new Float64Array(MAX_NICS).fill(-1);
  readonly #nics: NicTable;

  constructor(nics: NicTable) {
    this.#nics = nics;
  }

  /** Takes note of the speeds, when one has changed. */
  learn(): void {
    const { count, speedBps } = this.#nics;
    let slowestBps = Number.POSITIVE_INFINITY;
    for (let nic = 0; nic < count; nic++) if (isKnown(speedBps[nic])) slowestBps = Math.min(slowestBps, speedBps[nic]);
    if (slowestBps === Number.POSITIVE_INFINITY) slowestBps = SPEED_WHEN_NONE_IS_KNOWN_BPS;
    for (let nic = 0; nic < count; nic++) {
      this.usPerByte[nic] = 8e6 / (isKnown(speedBps[nic]) ? speedBps[nic] : slowestBps);
      this.learntBps[nic] = speedBps[nic];
    }
  }
}

function isKnown(speedBps: number): boolean {
  return speedBps > 0 && speedBps < Number.POSITIVE_INFINITY;
}
