import { DropReason, type TransmitBatch, Verdict } from '@fairlead/sdk';

/** What may go at once after a rest: as much as the rate lets go in this time, and one frame of full length. */
const BURST_US = 10_000;

/**
 * Drops what VMs send, or receive, beyond a rate that a responder has set: a token bucket for each VM (RFC 2697 with one
 * rate and one burst). Belongs to one worker, which sees all frames of its VMs.
 */
export class Policer {
  /** True while any VM is policed; nothing else is looked at otherwise. */
  on = false;
  /** When the frames that are asked about pass, in microseconds. */
  nowUs = 0;
  readonly #ratesBps: Float64Array;
  readonly #maxFrameBytes: number;
  /** The rates as they were at the last look. */
  readonly #bytesPerUs: Float64Array;
  readonly #tokens: Float64Array;
  readonly #filledUs: Float64Array;

  /** `ratesBps`: by VM number; 0: not policed. */
  constructor(ratesBps: Float64Array, maxFrameBytes: number) {
    this.#ratesBps = ratesBps;
    this.#maxFrameBytes = maxFrameBytes;
    this.#bytesPerUs = new Float64Array(ratesBps.length);
    this.#tokens = new Float64Array(ratesBps.length);
    this.#filledUs = new Float64Array(ratesBps.length);
  }

  /** Takes over the rates; called when something has changed. */
  look(nowUs: number): void {
    this.on = false;
    for (let vm = 0; vm < this.#ratesBps.length; vm++) {
      const bytesPerUs = this.#ratesBps[vm] / 8e6;
      if (bytesPerUs > 0) this.on = true;
      if (bytesPerUs === this.#bytesPerUs[vm]) continue;
      const before = this.#bytesPerUs[vm];
      this.#bytesPerUs[vm] = bytesPerUs;
      // Another rate is no reason for another burst.
      this.#tokens[vm] = before === 0 ? this.#burst(vm) : Math.min(this.#tokens[vm], this.#burst(vm));
      this.#filledUs[vm] = nowUs;
    }
  }

  #burst(vm: number): number {
    return this.#bytesPerUs[vm] * BURST_US + this.#maxFrameBytes;
  }

  /** Drops the frames of a batch that go beyond the rate of its VM, of the first `decided` that nobody has dropped yet. */
  drop(batch: TransmitBatch, decided: number): void {
    const { vm, bytes, verdict } = batch;
    for (let i = 0; i < decided; i++) {
      if (verdict[i] !== Verdict.Drop && this.refuses(vm, bytes[i])) batch.drop(i, DropReason.Policed);
    }
  }

  /** Asks for one frame of a VM; true when it is to be dropped. */
  refuses(vm: number, bytes: number): boolean {
    const bytesPerUs = this.#bytesPerUs[vm];
    if (!this.on || bytesPerUs === 0) return false;
    const filled = this.#tokens[vm] + (this.nowUs - this.#filledUs[vm]) * bytesPerUs;
    const tokens = Math.min(filled, this.#burst(vm));
    this.#filledUs[vm] = this.nowUs;
    const refuses = tokens < bytes;
    this.#tokens[vm] = refuses ? tokens : tokens - bytes;
    return refuses;
  }
}
