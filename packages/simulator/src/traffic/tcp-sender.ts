import type { CongestionControl } from './congestion.ts';
import { type Flow, Sent, type Source } from './flow.ts';
import { Handshake } from './handshake.ts';
import { HyStart } from './hystart.ts';
import { Packet, PacketKind } from './packet.ts';
import { RttEstimator } from './rtt.ts';
import { Scoreboard } from './scoreboard.ts';

export interface TcpSettings {
  /** Length of a frame with a full segment, in bytes. */
  readonly frameBytes: number;
  /** Segments that the receiver has room for. */
  readonly receiveWindow: number;
  /** Segments to send; Infinity: as long as it runs. */
  readonly segments: number;
  readonly leastRtoUs: number;
}

/**
 * A TCP sender that always has something to send, or has so many segments to send: RFC 5681, with selective
 * acknowledgements and the loss recovery of RFC 6675, limited transmit (RFC 3042) that follows from it, and the
 * retransmission timer of RFC 6298. Sequence numbers count segments; SYN and FIN are none of them.
 */
export class TcpSender implements Source {
  readonly flow: Flow;
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  isReady = false;
  retransmits = 0;
  timeouts = 0;
  finishedUs: number | undefined;
  readonly backlog = { waiting: 0, lost: 0 };
  readonly control: CongestionControl;
  readonly #board: Scoreboard;
  readonly #rtt: RttEstimator;
  readonly #hystart = new HyStart();
  readonly #settings: TcpSettings;
  readonly #packet = new Packet();
  readonly #handshake: Handshake;
  #limit = 0;
  /** A loss was answered; the next answer is due when everything below this has arrived. */
  #recoverTo = 0;
  #recovery: 'none' | 'fast' | 'timeout' = 'none';
  /** The window, not the application or a full ring, held the sender back since the last acknowledgement. */
  #windowLimited = false;
  #timedOutAt = -1;

  constructor(flow: Flow, settings: TcpSettings, control: CongestionControl) {
    this.flow = flow;
    this.control = control;
    this.#settings = settings;
    this.#board = new Scoreboard(settings.receiveWindow);
    this.#rtt = new RttEstimator(settings.leastRtoUs);
    this.#packet.kind = PacketKind.Data;
    this.#packet.flow = flow.id;
    this.#packet.bytes = settings.frameBytes;
    this.#handshake = new Handshake(flow.id);
  }

  /** Smoothed round-trip time in microseconds; 0 before the first sample. */
  get rttUs(): number {
    return this.#rtt.smoothedUs;
  }

  start(): void {
    this.#limit = this.#settings.segments;
    if (this.finishedUs !== undefined) return;
    this.#handshake.open();
    this.flow.from.ready(this);
  }

  stop(): void {
    this.#limit = Math.min(this.#limit, this.#board.next);
    this.#closeIfDone();
  }

  /** Everything that was to be sent has been acknowledged: the connection is closed. */
  #closeIfDone(): void {
    if (this.#board.una < this.#limit) return;
    this.#handshake.close();
    if (this.#handshake.state === 'closing') this.flow.from.ready(this);
  }

  #sendHandshake(nowUs: number): Sent {
    const handshake = this.#handshake;
    if (handshake.sent || handshake.state === 'closed') return Sent.Nothing;
    handshake.packet.stampUs = nowUs;
    if (!this.flow.from.emit(handshake.packet)) return Sent.NoRoom;
    this.flow.from.timers.set(this, handshake.left(nowUs));
    return Sent.One;
  }

  onAnswer({ flags, stampUs }: Packet, nowUs: number): void {
    if (this.#handshake.answered(flags)) {
      this.#rtt.sample(nowUs - stampUs);
      this.flow.from.timers.set(this, Number.POSITIVE_INFINITY);
      this.flow.from.ready(this);
      this.#closeIfDone();
    } else if (this.#handshake.state === 'closed') this.flow.from.timers.set(this, Number.POSITIVE_INFINITY);
  }

  sendOne(nowUs: number): Sent {
    if (this.#handshake.state !== 'open') return this.#sendHandshake(nowUs);
    const board = this.#board;
    if (board.pipe + 1 > this.control.window && board.pipe > 0) {
      this.#windowLimited = true;
      return Sent.Nothing;
    }
    const lost = board.lostSegment();
    if (lost >= 0) {
      if (!this.#emit(lost, nowUs)) return Sent.NoRoom;
      board.resent(lost);
      this.retransmits++;
      // The copy has a way of its own before it: it is not overdue before that has passed.
      if (lost === board.una) this.flow.from.timers.set(this, nowUs + this.#rtt.rtoUs);
    } else {
      if (board.next >= this.#limit || board.flight >= this.#settings.receiveWindow) return Sent.Nothing;
      if (!this.#emit(board.next, nowUs)) return Sent.NoRoom;
      board.sent();
    }
    if (this.timerUs === Number.POSITIVE_INFINITY) this.flow.from.timers.set(this, nowUs + this.#rtt.rtoUs);
    return Sent.One;
  }

  #emit(segment: number, nowUs: number): boolean {
    this.#packet.number = segment;
    this.#packet.stampUs = nowUs;
    if (!this.flow.from.emit(this.#packet)) return false;
    this.flow.sentFrames++;
    this.flow.sentBytes += this.#packet.bytes;
    return true;
  }

  onAck(packet: Packet, nowUs: number): void {
    const board = this.#board;
    const fresh = packet.number - board.una;
    if (fresh > 0) {
      board.acknowledge(packet.number);
      this.#rtt.sample(nowUs - packet.stampUs);
      this.#timedOutAt = -1;
      const idle = board.una === board.next;
      this.flow.from.timers.set(this, idle ? Number.POSITIVE_INFINITY : nowUs + this.#rtt.rtoUs);
      if (idle && board.una >= this.#settings.segments) this.finishedUs = nowUs;
      this.#closeIfDone();
    }
    for (let i = 0; i < packet.sackCount; i++)
      board.selectivelyAcknowledge(packet.sacks[2 * i], packet.sacks[2 * i + 1]);
    if (this.#recovery !== 'none' && board.una >= this.#recoverTo) this.#recovery = 'none';
    if (board.judge() && this.#recovery === 'none') this.#beginRecovery(nowUs);
    else if (fresh > 0 && this.#recovery !== 'fast' && this.#windowLimited) {
      this.#grow(fresh, nowUs, nowUs - packet.stampUs);
      this.#windowLimited = false;
    }
    this.flow.from.ready(this);
  }

  #grow(fresh: number, nowUs: number, rttUs: number): void {
    const { control } = this;
    let counted = fresh;
    if (control.threshold === Number.POSITIVE_INFINITY) {
      this.#hystart.acked(this.#board.una, this.#board.next, rttUs);
      counted *= this.#hystart.growth;
      if (counted === 0) {
        control.threshold = control.window;
        counted = fresh;
      }
    }
    control.acked(counted, nowUs, this.#rtt.smoothedUs);
  }

  #beginRecovery(nowUs: number): void {
    this.#recovery = 'fast';
    this.#recoverTo = this.#board.next;
    this.control.lost(this.#board.flight, nowUs);
  }

  onTimer(nowUs: number): void {
    if (this.#handshake.state !== 'open') {
      this.#handshake.unanswered();
      this.flow.from.ready(this);
      return;
    }
    const board = this.#board;
    if (board.una === board.next) return;
    this.timeouts++;
    this.control.timedOut(board.flight, this.#timedOutAt === board.una, nowUs);
    this.#timedOutAt = board.una;
    this.#rtt.backOff();
    board.loseAll();
    this.#recovery = 'timeout';
    this.#recoverTo = board.next;
    this.flow.from.timers.set(this, nowUs + this.#rtt.rtoUs);
    this.flow.from.ready(this);
  }
}
