import { closeSync, openSync, writeSync } from 'node:fs';
import {
  DROP_REASONS,
  type DropReasonName,
  MAX_BATCH,
  type NicTable,
  type TransmitBatch,
  Verdict,
} from '@fairlead/sdk';

/** What was decided about a run of frames of one VM: a line of `decisions.jsonl`. Frames of a run keep their order. */
interface Decision {
  /** Virtual time, in microseconds since the first frame of the capture. */
  readonly tUs: number;
  readonly vm: string;
  readonly decision: 'send' | 'queue' | 'drop';
  readonly frames: number;
  readonly bytes: number;
  /** Of a `send`: the NIC on whose queue the frames were put. */
  readonly nic?: string;
  /** Of a `drop`. */
  readonly reason?: DropReasonName;
  /** Of a `queue`: when the policy wants to be asked again; left out when that is as soon as possible. */
  readonly untilUs?: number;
}

const FLUSH_CHARACTERS = 65_536;

/**
 * Writes down what the policies decide, in the order of the decisions. That frames wait is written when they begin to
 * and whenever some of them were let through, not each time that the policy is asked again in vain.
 */
export class DecisionLog {
  readonly #fd: number;
  readonly #vms: readonly string[];
  readonly #waiting: Uint8Array;
  #text = '';
  #nics: NicTable | undefined;
  /* The last choice of NICs, until it is known how many of its frames found room: */
  #chosenCount = 0;
  #chosenVm = 0;
  #chosenAtUs = 0;
  readonly #chosenNic = new Int32Array(MAX_BATCH);
  readonly #chosenBytes = new Int32Array(MAX_BATCH);
  #enqueuedBefore = new Float64Array(0);

  /** Makes the file, or empties it. @throws the system's error when it cannot. */
  constructor(path: string, vms: readonly string[]) {
    this.#fd = openSync(path, 'w');
    this.#vms = vms;
    this.#waiting = new Uint8Array(vms.length);
  }

  /** Gives the table from whose counters the log learns how many frames found room. Before the first decision. */
  watch(nics: NicTable): void {
    this.#nics = nics;
    this.#enqueuedBefore = new Float64Array(nics.count);
  }

  /** An admission policy has decided on a batch. */
  admitted(batch: TransmitBatch): void {
    const { vm, count, nowUs } = batch;
    const decided = Math.max(0, Math.min(count, batch.queuedFrom | 0));
    if (batch.drops > 0) this.#writeDrops(batch, decided);
    if (decided === count) {
      this.#waiting[vm] = 0;
      return;
    }
    if (this.#waiting[vm] === 1 && decided === 0) return;
    this.#waiting[vm] = 1;
    const until = batch.retryAtUs > nowUs ? { untilUs: rounded(batch.retryAtUs) } : {};
    this.#write(vm, nowUs, { decision: 'queue', ...tally(batch.bytes, decided, count), ...until });
  }

  #writeDrops(batch: TransmitBatch, decided: number): void {
    for (const [reason, name] of DROP_REASONS.entries()) {
      let frames = 0;
      let bytes = 0;
      for (let i = 0; i < decided; i++) {
        if (batch.verdict[i] !== Verdict.Drop || batch.reason[i] !== reason) continue;
        frames++;
        bytes += batch.bytes[i];
      }
      if (frames > 0) this.dropped(batch.vm, batch.nowUs, name, frames, bytes);
    }
  }

  /** Frames were dropped. */
  dropped(vm: number, atUs: number, reason: DropReasonName, frames: number, bytes: number): void {
    this.#write(vm, atUs, { decision: 'drop', reason, frames, bytes });
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
      this.#write(this.#chosenVm, this.#chosenAtUs, {
        decision: 'send',
        nic: nics.names[nic] as string,
        frames,
        bytes,
      });
    }
  }

  #write(vm: number, atUs: number, decision: Omit<Decision, 'tUs' | 'vm'>): void {
    const line: Decision = { tUs: rounded(atUs), vm: this.#vms[vm] as string, ...decision };
    this.#text += `${JSON.stringify(line)}\n`;
    if (this.#text.length > FLUSH_CHARACTERS) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    this.#text = '';
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }
}

function tally(bytes: Int32Array, from: number, to: number): { frames: number; bytes: number } {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i];
  return { frames: to - from, bytes: sum };
}

/** To a nanosecond: what lies below it is the rounding of doubles. */
function rounded(us: number): number {
  return Math.round(us * 1000) / 1000;
}
