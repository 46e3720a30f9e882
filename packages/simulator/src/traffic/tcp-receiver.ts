import type { Flow, Sink } from './flow.ts';
import { ACK_BYTES } from './frame-codec.ts';
import { MAX_SACKS, Packet, PacketKind, TcpFlag } from './packet.ts';

/** RFC 9293 §3.8.6.3 allows half a second; operating systems wait about this long. */
const DELAYED_ACK_US = 40_000;

/**
 * A TCP receiver: acknowledges what has arrived, in order and selectively (RFC 2018 §4), at once or every second segment
 * (RFC 5681 §4.2). Its application takes everything as it comes.
 */
export class TcpReceiver implements Sink {
  readonly #flow: Flow;
  readonly #delayed: boolean;
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  freshBytes = 0;
  duplicates = 0;
  outOfOrder = 0;
  readonly #arrived: Uint8Array;
  readonly #mask: number;
  /** First segment that has not arrived. */
  #expected = 0;
  #highest = -1;
  /** Runs of segments beyond a gap, the one that changed last first. */
  readonly #runs = new Int32Array(2 * MAX_SACKS);
  #runCount = 0;
  readonly #ack = new Packet();
  readonly #answer = new Packet();
  /** Segments since the last acknowledgement, and the stamp of the first of them. */
  #pending = 0;
  #stampUs = 0;

  constructor(flow: Flow, receiveWindow: number, delayed: boolean) {
    this.#flow = flow;
    this.#delayed = delayed;
    const size = 2 ** Math.ceil(Math.log2(receiveWindow + 1));
    this.#arrived = new Uint8Array(size);
    this.#mask = size - 1;
    this.#ack.kind = PacketKind.Ack;
    this.#ack.flow = flow.id;
    this.#answer.kind = PacketKind.Answer;
    this.#answer.flow = flow.id;
    this.#answer.bytes = ACK_BYTES;
  }

  onData(packet: Packet, nowUs: number): void {
    const segment = packet.number;
    const gap = this.#runCount > 0;
    if (segment < this.#highest) this.outOfOrder++;
    else this.#highest = segment;
    if (this.#pending === 0) this.#stampUs = packet.stampUs;
    this.#pending++;
    if (segment < this.#expected || this.#arrived[segment & this.#mask] !== 0) {
      this.duplicates++;
      this.#acknowledge();
      return;
    }
    this.freshBytes += packet.bytes;
    this.#arrived[segment & this.#mask] = 1;
    if (segment === this.#expected) this.#advance();
    else this.#noteRun(segment);
    // Out of order, or filling a gap: at once. In order: every second one.
    if (!this.#delayed || gap || this.#runCount > 0 || this.#pending >= 2) this.#acknowledge();
    else this.#flow.to.timers.set(this, nowUs + DELAYED_ACK_US);
  }

  /** A SYN or a FIN: answered by the same, each time that it comes. */
  onControl({ flags, stampUs }: Packet): void {
    this.#answer.flags = flags | TcpFlag.Ack;
    this.#answer.stampUs = stampUs;
    this.#flow.to.emit(this.#answer);
  }

  onTimer(): void {
    if (this.#pending > 0) this.#acknowledge();
  }

  #advance(): void {
    const arrived = this.#arrived;
    while (arrived[this.#expected & this.#mask] !== 0) arrived[this.#expected++ & this.#mask] = 0;
    let kept = 0;
    const runs = this.#runs;
    for (let i = 0; i < this.#runCount; i++) {
      if (runs[2 * i + 1] <= this.#expected) continue;
      runs[2 * kept] = runs[2 * i];
      runs[2 * kept + 1] = runs[2 * i + 1];
      kept++;
    }
    this.#runCount = kept;
  }

  /** Puts the run that a segment belongs to first, joined with those that it touches. */
  #noteRun(segment: number): void {
    const runs = this.#runs;
    let from = segment;
    let to = segment + 1;
    let kept = 0;
    for (let i = 0; i < this.#runCount; i++) {
      const start = runs[2 * i];
      const end = runs[2 * i + 1];
      if (end === segment) from = start;
      else if (start === segment + 1) to = end;
      else {
        runs[2 * kept] = start;
        runs[2 * kept + 1] = end;
        kept++;
      }
    }
    if (kept === MAX_SACKS) kept--;
    for (let i = 2 * kept - 1; i >= 0; i--) runs[i + 2] = runs[i];
    runs[0] = from;
    runs[1] = to;
    this.#runCount = kept + 1;
  }

  #acknowledge(): void {
    const ack = this.#ack;
    ack.number = this.#expected;
    ack.stampUs = this.#stampUs;
    ack.sackCount = this.#runCount;
    ack.bytes = ACK_BYTES + 8 * this.#runCount;
    for (let i = 0; i < 2 * this.#runCount; i++) ack.sacks[i] = this.#runs[i];
    this.#pending = 0;
    // One that finds no room is lost; the next one says the same and more.
    this.#flow.to.emit(ack);
  }
}
