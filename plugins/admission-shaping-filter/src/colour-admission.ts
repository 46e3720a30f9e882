import {
  type AdmissionPolicy,
  DropReason,
  type Explanation,
  type TransmitBatch,
  Verdict,
  type VmTable,
} from '@fairlead/sdk';
import { LONGEST_WAIT_NS } from './bucket-admission.ts';
import { Colour, type ColourMeter, type MeterTerms, meterTerms } from './colour.ts';
import { writeDepth, writeRate } from './earnings.ts';
import type { ShapingOptions } from './options.ts';
import type { StateColumn } from './state-columns.ts';

const VERDICT_OF = { admit: Verdict.Admit, queue: Verdict.Queue, drop: Verdict.Drop } as const;

/**
 * Colours each frame by a meter, colour-blind (a frame from a VM carries no colour), and does for each colour what the
 * options say. Only an admitted frame takes tokens: one that waits or is dropped never reaches the wire.
 */
export class ColourAdmission implements AdmissionPolicy {
  readonly #vms: VmTable;
  readonly #rowOf: Int32Array;
  readonly #clockNs = new Float64Array(1);
  readonly #terms: MeterTerms;
  readonly #meter: ColourMeter;
  /** Verdict by colour. */
  readonly #verdicts: Uint8Array;
  /** Worst colour with which a frame that waits may go. */
  readonly #worst: Colour;
  readonly #fallbackCirBps: Float64Array;
  readonly #fallbackPirBps: Float64Array;
  readonly #fallbackCbsBytes: number;
  readonly #overheadBytes: number;

  /** `rowOf`: the buckets of each VM. */
  constructor(
    vms: VmTable,
    options: ShapingOptions,
    rowOf: Int32Array,
    Meter: new (terms: MeterTerms, clockNs: Float64Array) => ColourMeter,
  ) {
    this.#vms = vms;
    this.#rowOf = rowOf;
    this.#terms = meterTerms(vms.count);
    this.#terms.ebsBytes.fill(options.ebsBytes);
    this.#terms.pbsBytes.fill(options.pbsBytes);
    this.#terms.eirBps.fill(Math.floor(options.eirBps));
    this.#meter = new Meter(this.#terms, this.#clockNs);
    this.#verdicts = Uint8Array.of(Verdict.Admit, VERDICT_OF[options.yellow], VERDICT_OF[options.red]);
    this.#worst = options.yellow === 'admit' ? Colour.Yellow : Colour.Green;
    this.#fallbackCirBps = Float64Array.of(options.cirBps || Number.POSITIVE_INFINITY);
    this.#fallbackPirBps = Float64Array.of(options.pirBps || Number.POSITIVE_INFINITY);
    this.#fallbackCbsBytes = Math.floor(options.cbsBytes);
    this.#overheadBytes = Math.ceil(options.overheadBytes);
  }

  get columns(): readonly StateColumn[] {
    return this.#meter.columns;
  }

  admit(batch: TransmitBatch): undefined {
    const row = this.#rowOf[batch.vm];
    const meter = this.#meter;
    const terms = this.#terms;
    writeRate(terms.cirBps, row, this.#vms.limitBps, this.#fallbackCirBps);
    if (terms.cirBps[row] === Number.POSITIVE_INFINITY) return;
    writeRate(terms.pirBps, row, this.#vms.peakBps, this.#fallbackPirBps);
    writeDepth(terms.cbsBytes, row, this.#vms.burstBytes, this.#fallbackCbsBytes);
    this.#clockNs[0] = Math.round(batch.nowUs * 1000);

    meter.refill(row);
    for (let i = 0; i < batch.count; i++) {
      const size = batch.bytes[i] + this.#overheadBytes;
      const colour = meter.colour(row, size, Colour.Green);
      const verdict = this.#verdicts[colour];
      if (verdict === Verdict.Admit) {
        meter.charge(row, size, colour);
      } else if (verdict === Verdict.Drop || !meter.fits(row, size, this.#worst)) {
        batch.drop(i, DropReason.Policed);
      } else {
        this.#leaveWaiting(batch, i, size);
        return;
      }
    }
  }

  /** The buckets are as this batch has left them. */
  explain({ vm, bytes, queuedFrom, verdict }: TransmitBatch, i: number): Explanation {
    const { cirBps, pirBps, cbsBytes } = this.#terms;
    const row = this.#rowOf[vm];
    const size = bytes[i] + this.#overheadBytes;
    if (cirBps[row] === Number.POSITIVE_INFINITY) return { why: 'the VM has no limit' };
    // Tokens are whole bytes; what else a meter remembers is fractions.
    const tokens = this.#meter.columns
      .filter(({ values }) => values instanceof Int32Array)
      .map(({ values }) => values[row]);
    const state = {
      cirBps: cirBps[row],
      pirBps: pirBps[row],
      cbsBytes: cbsBytes[row],
      firstTokens: tokens[0] ?? 0,
      secondTokens: tokens[1] ?? 0,
    };
    if (i > queuedFrom) return { why: 'it is behind one that waits', state };
    const goes = i < queuedFrom && verdict[i] === Verdict.Admit;
    return {
      why: goes
        ? `the meter gave its ${size} bytes a colour that goes`
        : `the meter has no tokens for its ${size} bytes`,
      state,
    };
  }

  /** Queues from frame `i`, until the time at which it gets a colour with which it may go. */
  #leaveWaiting(batch: TransmitBatch, i: number, size: number): void {
    const waitNs = Math.min(this.#meter.waitNs(this.#rowOf[batch.vm], size, this.#worst), LONGEST_WAIT_NS);
    batch.queueFrom(i, (this.#clockNs[0] + waitNs) / 1000);
  }
}
