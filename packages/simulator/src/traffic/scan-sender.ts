import { DatagramSender } from './datagram-sender.ts';
import { ACK_BYTES } from './frame-codec.ts';
import { Packet, PacketKind, TcpFlag } from './packet.ts';

/** Sends a SYN to one port after the other, and breaks off with a RST what is answered (RFC 9293 §3.10.7.3). */
export class ScanSender extends DatagramSender {
  readonly #reset = new Packet();

  onAnswer({ flags, number }: Packet, nowUs: number): void {
    if ((flags & TcpFlag.Syn) === 0) return;
    const reset = this.#reset;
    reset.kind = PacketKind.Control;
    reset.flow = this.flow.id;
    reset.bytes = ACK_BYTES;
    reset.flags = TcpFlag.Rst;
    reset.number = number;
    reset.stampUs = nowUs;
    this.flow.from.emit(reset);
  }
}
