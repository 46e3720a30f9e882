import { Histogram } from '../measure/histogram.ts';
import { type ConnectionCounts, type Flow, Sent, type Source } from './flow.ts';
import { ACK_BYTES } from './frame-codec.ts';
import type { Pace } from './pace.ts';
import { Packet, PacketKind, TcpFlag } from './packet.ts';
import type { Timed } from './timers.ts';

/** A packet's number is that of its client and, in the last bits, that of the frame of the response. */
export const FRAME_BITS = 4;
/** A response is no longer than the initial window (RFC 6928), so that no window must grow. */
export const MOST_RESPONSE_FRAMES = 10;
const REQUEST_BYTES = 200;
/** RFC 6298 §2.1; doubled with each try. */
const FIRST_RTO_US = 1_000_000;
const TRIES = 6;

/** One client with one connection. */
interface Client extends Timed {
  readonly number: number;
  readonly begunUs: number;
  asks: boolean;
  tries: number;
  /** Bits of the frames of the response that have come. */
  got: number;
}

/**
 * Many clients, each of which opens a connection, asks for something, takes it, and closes: SYN, request, response, FIN,
 * with what has been lost asked for again. They come as the pace says, whatever became of those before them.
 */
export class Clients implements Source {
  readonly flow: Flow;
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  isReady = false;
  retransmits = 0;
  readonly finishedUs = undefined;
  readonly backlog = { waiting: 0, lost: 0 };
  readonly connections = { begun: 0, completed: 0, failed: 0, duration: new Histogram() } satisfies ConnectionCounts;
  readonly #pace: Pace;
  readonly #all: number;
  readonly #clients = new Map<number, Client>();
  readonly #packet = new Packet();

  /** @param frames of each response. */
  constructor(flow: Flow, pace: Pace, frames: number) {
    this.flow = flow;
    this.#pace = pace;
    this.#all = 2 ** frames - 1;
    this.#packet.flow = flow.id;
  }

  start(nowUs: number): void {
    this.#pace.begin(nowUs);
    this.flow.from.timers.set(this, this.#pace.nextUs);
  }

  /** No more come; those that are there have their response. */
  stop(): void {
    this.flow.from.timers.set(this, Number.POSITIVE_INFINITY);
  }

  setRate(perSecond: number): void {
    this.#pace.setRate(perSecond);
  }

  onTimer(nowUs: number): void {
    while (this.#pace.nextUs <= nowUs) {
      this.#arrive(nowUs);
      this.#pace.advance();
    }
    this.flow.from.timers.set(this, this.#pace.nextUs);
  }

  #arrive(nowUs: number): void {
    const client: Client = {
      number: this.connections.begun++,
      begunUs: nowUs,
      asks: false,
      tries: 0,
      got: 0,
      timerUs: Number.POSITIVE_INFINITY,
      heapedUs: Number.POSITIVE_INFINITY,
      onTimer: (atUs) => this.#again(client, atUs),
    };
    this.#clients.set(client.number, client);
    this.#try(client, nowUs);
  }

  #again(client: Client, nowUs: number): void {
    if (client.tries === TRIES) {
      this.connections.failed++;
      this.#clients.delete(client.number);
      return;
    }
    this.retransmits++;
    this.#try(client, nowUs);
  }

  /** Opens the connection, or asks, and looks again when nothing has come of it. */
  #try(client: Client, nowUs: number): void {
    if (!client.asks) this.#send(client, PacketKind.Control, TcpFlag.Syn, ACK_BYTES, nowUs);
    else if (this.#send(client, PacketKind.Data, TcpFlag.Psh | TcpFlag.Ack, REQUEST_BYTES, nowUs)) {
      this.flow.sentFrames++;
      this.flow.sentBytes += REQUEST_BYTES;
    }
    this.flow.from.timers.set(client, nowUs + FIRST_RTO_US * 2 ** client.tries++);
  }

  #send({ number }: Client, kind: PacketKind, flags: number, bytes: number, nowUs: number): boolean {
    const packet = this.#packet;
    packet.kind = kind;
    packet.flags = flags;
    packet.bytes = bytes;
    packet.number = number << FRAME_BITS;
    packet.stampUs = nowUs;
    return this.flow.from.emit(packet);
  }

  onAnswer({ number, flags }: Packet, nowUs: number): void {
    const client = this.#clients.get(number >>> FRAME_BITS);
    if (client === undefined) return;
    if ((flags & TcpFlag.Syn) !== 0) {
      if (client.asks) return;
      client.asks = true;
      client.tries = 0;
      this.#try(client, nowUs);
    } else if (client.asks) this.#take(client, number & (2 ** FRAME_BITS - 1), nowUs);
  }

  #take(client: Client, frame: number, nowUs: number): void {
    client.got |= 1 << frame;
    if (client.got === this.#all) {
      this.connections.completed++;
      this.connections.duration.add(nowUs - client.begunUs);
      this.#clients.delete(client.number);
      this.flow.from.timers.set(client, Number.POSITIVE_INFINITY);
      this.#send(client, PacketKind.Control, TcpFlag.Fin | TcpFlag.Ack, ACK_BYTES, nowUs);
    } else if ((frame & 1) === 1) this.#send(client, PacketKind.Control, TcpFlag.Ack, ACK_BYTES, nowUs);
  }

  sendOne(): Sent {
    return Sent.Nothing; // its frames leave as they come up, and are asked for again when there was no room
  }
}
