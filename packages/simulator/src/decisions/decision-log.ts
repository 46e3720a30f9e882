import { DROP_REASONS, type DropReason, MAX_BATCH, type NicTable, type TransmitBatch, Verdict } from '@fairlead/sdk';

/** What can be decided about a run of frames of one VM. */
export type DecisionKind = 'send' | 'queue' | 'drop';

/**
 * Hears each decision as it is written down.
 *
 * @example
 * ```ts
 * import { type DecisionListener, DecisionLog } from '@fairlead/simulator/decisions';
 *
 * let droppedFrames = 0;
 * const listener: DecisionListener = {
 *   decided(kind, _vm, _what, frames) {
 *     if (kind === 'drop') droppedFrames += frames;
 *   },
 * };
 * const log = new DecisionLog(['web'], () => undefined, listener);
 * ```
 */
export interface DecisionListener {
  /**
   * A decision about some frames of a VM.
   * @param what of a `send` the number of the NIC, of a `drop` that of the `DropReason`, else 0
   * @param frames of a `queue` only those that did not wait yet
   * @param atUs virtual time, in microseconds
   */
  decided(kind: DecisionKind, vm: number, what: number, frames: number, atUs: number): void;
}

/** Where the lines of a decision log go. */
export type DecisionSink = (text: string) => void;

const FLUSH_CHARACTERS = 65_536;

/**
 * Writes down what the policies decide, in the order of the decisions: a line of JSON for each run of frames of one VM.
 * That frames wait is written when they begin to and whenever some of them were let through, not each time that the
 * policy is asked again in vain.
 *
 * @example
 * ```ts
 * import { DecisionLog } from '@fairlead/simulator/decisions';
 *
 * let text = '';
 * const log = new DecisionLog(host.config.vms.map(({ name }) => name), (more) => {
 *   text += more;
 * });
 * log.watch(host.arena.nics);
 * ```
 */
export class DecisionLog {
  readonly #sink: DecisionSink;
  readonly #listener: DecisionListener | undefined;
  /** Names as JSON. */
  readonly #vms: readonly string[];
  #nicNames: readonly string[] = [];
  readonly #waiting: Uint8Array;
  /** Frames at the head of each VM's ring of which the listener was told that they wait. */
  readonly #told: Int32Array;
  #text = '';
  #nics: NicTable | undefined;
  /* The last choice of NICs, until it is known how many of its frames found room: */
  #chosenCount = 0;
  #chosenVm = 0;
  #chosenAtUs = 0;
  readonly #chosenNic = new Int32Array(MAX_BATCH);
  readonly #chosenBytes = new Int32Array(MAX_BATCH);
  #enqueuedBefore = new Float64Array(0);

  constructor(vms: readonly string[], sink: DecisionSink, listener?: DecisionListener) {
    this.#sink = sink;
    this.#listener = listener;
    this.#vms = vms.map((name) => JSON.stringify(name));
    this.#waiting = new Uint8Array(vms.length);
    this.#told = new Int32Array(vms.length);
  }

  /** Gives the table from whose counters the log learns how many frames found room. Before the first decision. */
  watch(nics: NicTable): void {
    this.#nics = nics;
    this.#nicNames = nics.names.map((name) => JSON.stringify(name));
    this.#enqueuedBefore = new Float64Array(nics.count);
  }

  /** An admission policy has decided on a batch. */
  admitted(batch: TransmitBatch): void {
    const { vm, count, nowUs } = batch;
    const decided = Math.max(0, Math.min(count, batch.queuedFrom | 0));
    if (batch.drops > 0) this.#writeDrops(batch, decided);
    this.#tellWaiting(batch, decided);
    if (decided === count) {
      this.#waiting[vm] = 0;
      return;
    }
    if (this.#waiting[vm] === 1 && decided === 0) return;
    this.#waiting[vm] = 1;
    const frames = count - decided;
    let bytes = 0;
    for (let i = decided; i < count; i++) bytes += batch.bytes[i];
    const until = batch.retryAtUs > nowUs ? `,"untilUs":${rounded(batch.retryAtUs)}` : '';
    this.#write('queue', vm, nowUs, '', `"frames":${frames},"bytes":${bytes}${until}`);
  }

  /** Frames of a VM wait in order, so those that its listener knows of are the first ones. */
  #tellWaiting({ vm, count, nowUs }: TransmitBatch, decided: number): void {
    const told = Math.max(0, this.#told[vm] - decided);
    const waiting = count - decided;
    if (waiting > told) this.#listener?.decided('queue', vm, 0, waiting - told, nowUs);
    this.#told[vm] = Math.max(told, waiting);
  }

  #writeDrops(batch: TransmitBatch, decided: number): void {
    for (let reason = 0; reason < DROP_REASONS.length; reason++) {
      let frames = 0;
      let bytes = 0;
      for (let i = 0; i < decided; i++) {
        if (batch.verdict[i] !== Verdict.Drop || batch.reason[i] !== reason) continue;
        frames++;
        bytes += batch.bytes[i];
      }
      if (frames > 0) this.dropped(batch.vm, batch.nowUs, reason as DropReason, frames, bytes);
    }
  }

  /** Frames were dropped. */
  dropped(vm: number, atUs: number, reason: DropReason, frames: number, bytes: number): void {
    this.#write('drop', vm, atUs, `"reason":"${DROP_REASONS[reason]}",`, `"frames":${frames},"bytes":${bytes}`);
    this.#listener?.decided('drop', vm, reason, frames, atUs);
  }

  /** A load distribution has chosen; `settle` writes it down. */
  chosen(batch: TransmitBatch): void {
    const nics = this.#nics;
    if (nics === undefined) return;
    this.#chosenVm = batch.vm;
    this.#chosenAtUs = batch.nowUs;
    this.#chosenCount = batch.count;
    this.#chosenNic.set(batch.nic.subarray(0, batch.count));
    this.#chosenBytes.set(batch.bytes.subarray(0, batch.count));
    this.#enqueuedBefore.set(nics.enqueuedFrames.subarray(0, nics.count));
  }

  /**
   * Writes down the last choice, as far as it was carried out: frames for which a queue had no room stay with the VM and
   * are chosen for anew. To be called before the next decision, and at the end.
   */
  settle(): void {
    const nics = this.#nics;
    if (nics === undefined || this.#chosenCount === 0) return;
    let staged = 0;
    for (let nic = 0; nic < nics.count; nic++) staged += nics.enqueuedFrames[nic] - this.#enqueuedBefore[nic];
    staged = Math.min(staged, this.#chosenCount);
    this.#chosenCount = 0;
    for (let nic = 0; nic < nics.count; nic++) {
      if (nics.enqueuedFrames[nic] === this.#enqueuedBefore[nic]) continue;
      let frames = 0;
      let bytes = 0;
      for (let i = 0; i < staged; i++) {
        if (this.#chosenNic[i] !== nic) continue;
        frames++;
        bytes += this.#chosenBytes[i];
      }
      const at = `"nic":${this.#nicNames[nic]},`;
      this.#write('send', this.#chosenVm, this.#chosenAtUs, at, `"frames":${frames},"bytes":${bytes}`);
      this.#listener?.decided('send', this.#chosenVm, nic, frames, this.#chosenAtUs);
    }
  }

  #write(kind: DecisionKind, vm: number, atUs: number, what: string, rest: string): void {
    this.#text += `{"tUs":${rounded(atUs)},"vm":${this.#vms[vm]},"decision":"${kind}",${what}${rest}}\n`;
    if (this.#text.length > FLUSH_CHARACTERS) this.flush();
  }

  /** Hands what is written to the sink. */
  flush(): void {
    if (this.#text !== '') this.#sink(this.#text);
    this.#text = '';
  }
}

/** To a nanosecond: what lies below it is the rounding of doubles. */
function rounded(us: number): number {
  return Math.round(us * 1000) / 1000;
}
