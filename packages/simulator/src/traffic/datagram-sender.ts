import { type Flow, Sent, type Source } from './flow.ts';
import type { Pace } from './pace.ts';
import { Packet, PacketKind } from './packet.ts';

const LEAST_QUEUE = 16;

/**
 * A source that sends as its pace says, whatever becomes of it. Frames that find the virtual NIC's ring full wait in a
 * queue of the guest's own, with the time at which they were due, and are lost when that is full.
 */
export class DatagramSender implements Source {
  readonly flow: Flow;
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  isReady = false;
  readonly retransmits = 0;
  readonly finishedUs = undefined;
  readonly backlog = { waiting: 0, lost: 0 };
  readonly #pace: Pace;
  protected readonly packet = new Packet();
  /** When those that wait were due: a ring that grows as it must. */
  #dueUs = new Float64Array(LEAST_QUEUE);
  readonly #queueFrames: number;
  #first = 0;
  #number = 0;

  /** @param queueFrames frames that wait in the guest at most. */
  constructor(flow: Flow, frameBytes: number, pace: Pace, queueFrames: number, flags = 0) {
    this.flow = flow;
    this.#pace = pace;
    this.#queueFrames = queueFrames;
    this.packet.kind = PacketKind.Data;
    this.packet.flow = flow.id;
    this.packet.bytes = frameBytes;
    this.packet.flags = flags;
  }

  start(nowUs: number): void {
    this.#pace.begin(nowUs);
    this.onTimer(nowUs);
  }

  stop(): void {
    this.flow.from.timers.set(this, Number.POSITIVE_INFINITY);
  }

  resumed(nowUs: number): void {
    if (this.timerUs !== Number.POSITIVE_INFINITY) this.start(nowUs);
  }

  setRate(rateBps: number): void {
    this.#pace.setRate(rateBps);
  }

  onTimer(nowUs: number): void {
    const pace = this.#pace;
    const { backlog } = this;
    while (pace.nextUs <= nowUs) {
      if (backlog.waiting === this.#dueUs.length) this.#grow();
      if (backlog.waiting < this.#queueFrames)
        this.#dueUs[(this.#first + backlog.waiting++) % this.#dueUs.length] = pace.nextUs;
      else backlog.lost++;
      pace.advance();
    }
    this.flow.from.timers.set(this, pace.nextUs);
    if (backlog.waiting > 0) this.flow.from.ready(this);
  }

  #grow(): void {
    const size = this.#dueUs.length;
    if (size >= this.#queueFrames) return;
    const larger = new Float64Array(2 * size);
    for (let i = 0; i < size; i++) larger[i] = this.#dueUs[(this.#first + i) % size];
    this.#dueUs = larger;
    this.#first = 0;
  }

  sendOne(): Sent {
    const { backlog, flow } = this;
    if (backlog.waiting === 0) return Sent.Nothing;
    this.packet.number = this.#number;
    this.packet.stampUs = this.#dueUs[this.#first];
    if (!flow.from.emit(this.packet)) return Sent.NoRoom;
    this.#number++;
    this.#first = this.#first + 1 === this.#dueUs.length ? 0 : this.#first + 1;
    backlog.waiting--;
    flow.sentFrames++;
    flow.sentBytes += this.packet.bytes;
    return Sent.One;
  }
}
