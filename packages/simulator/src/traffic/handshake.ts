import { ACK_BYTES } from './frame-codec.ts';
import { Packet, PacketKind, TcpFlag } from './packet.ts';

/** RFC 6298 §2.1; and the longest time between two tries. */
const FIRST_RTO_US = 1_000_000;
const LONGEST_RTO_US = 60_000_000;
/** A FIN is sent so often; the other end may be gone. */
const FIN_TRIES = 6;

/**
 * What a TCP connection is opened and closed with, as its sender sees it: a SYN that is answered before any data goes, and
 * a FIN behind the last of it (RFC 9293 §3.5, §3.6). Both are sent again until they are answered.
 */
export class Handshake {
  state: 'closed' | 'opening' | 'open' | 'closing' = 'closed';
  /** The SYN or FIN that is due is on its way. */
  sent = false;
  readonly packet = new Packet();
  #tries = 0;

  constructor(flow: number) {
    this.packet.kind = PacketKind.Control;
    this.packet.flow = flow;
    this.packet.bytes = ACK_BYTES;
  }

  open(): void {
    if (this.state === 'open') return;
    this.#begin('opening', TcpFlag.Syn);
  }

  close(): void {
    if (this.state === 'open') this.#begin('closing', TcpFlag.Fin | TcpFlag.Ack);
  }

  #begin(state: 'opening' | 'closing', flags: number): void {
    this.state = state;
    this.packet.flags = flags;
    this.sent = false;
    this.#tries = 0;
  }

  /** It was sent at `nowUs`; returns when it is sent again, unless it was answered. */
  left(nowUs: number): number {
    this.sent = true;
    return nowUs + Math.min(LONGEST_RTO_US, FIRST_RTO_US * 2 ** this.#tries++);
  }

  /** Nothing came back in time: it is due again, or given up. */
  unanswered(): void {
    this.sent = false;
    if (this.state === 'closing' && this.#tries >= FIN_TRIES) this.state = 'closed';
  }

  /** Takes an answer; true when the connection is open now. */
  answered(flags: number): boolean {
    const opened = this.state === 'opening' && (flags & TcpFlag.Syn) !== 0;
    if (opened) this.state = 'open';
    else if (this.state === 'closing' && (flags & TcpFlag.Fin) !== 0) this.state = 'closed';
    return opened;
  }
}
