import { FRAME_BITS } from './clients.ts';
import type { Flow, Sink } from './flow.ts';
import { ACK_BYTES } from './frame-codec.ts';
import { Packet, PacketKind, TcpFlag } from './packet.ts';

/** Answers many clients: each SYN, each request with so many frames, the last of which closes, and each FIN. */
export class Server implements Sink {
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  freshBytes = 0;
  readonly duplicates = 0;
  readonly outOfOrder = 0;
  readonly #flow: Flow;
  readonly #frames: number;
  readonly #frameBytes: number;
  readonly #answer = new Packet();

  constructor(flow: Flow, frames: number, frameBytes: number) {
    this.#flow = flow;
    this.#frames = frames;
    this.#frameBytes = frameBytes;
    this.#answer.kind = PacketKind.Answer;
    this.#answer.flow = flow.id;
  }

  onControl({ number, flags, stampUs }: Packet): void {
    if ((flags & TcpFlag.Syn) !== 0) this.#say(number, TcpFlag.Syn | TcpFlag.Ack, ACK_BYTES, stampUs);
    else if ((flags & TcpFlag.Fin) !== 0) this.#say(number, TcpFlag.Ack, ACK_BYTES, stampUs);
  }

  onData({ number, bytes, stampUs }: Packet): void {
    this.freshBytes += bytes;
    const last = this.#frames - 1;
    for (let frame = 0; frame <= last; frame++) {
      const flags = TcpFlag.Psh | TcpFlag.Ack | (frame === last ? TcpFlag.Fin : 0);
      this.#say(((number >>> FRAME_BITS) << FRAME_BITS) | frame, flags, this.#frameBytes, stampUs);
    }
  }

  #say(number: number, flags: number, bytes: number, stampUs: number): void {
    const answer = this.#answer;
    answer.number = number;
    answer.flags = flags;
    answer.bytes = bytes;
    answer.stampUs = stampUs;
    this.#flow.to.emit(answer);
  }

  onTimer(): void {
    // It sets no timer: what is lost is asked for again.
  }
}
