import { FairleadError } from '@fairlead/sdk';
import {
  AF_PACKET,
  Errno,
  ETH_P_ALL,
  errno,
  int32,
  type Linux,
  PACKET_ADD_MEMBERSHIP,
  PACKET_AUXDATA,
  PACKET_IGNORE_OUTGOING,
  PACKET_MR_PROMISC,
  PACKET_QDISC_BYPASS,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
} from './linux.ts';

export interface PacketSocketOptions {
  /** False: the socket only sends, and the kernel queues nothing on it. */
  readonly receives: boolean;
  readonly promiscuous: boolean;
  readonly qdiscBypass: boolean;
  readonly receiveBufferBytes: number;
}

/** One AF_PACKET socket (packet(7)), bound to one interface by number. */
export class PacketSocket {
  readonly fd: number;
  readonly #calls: Linux;
  readonly #options: PacketSocketOptions;

  /** @throws FairleadError `FAIRLEAD_ERR_DRIVER_OPEN` when the process may not, or the kernel lacks an option. */
  constructor(calls: Linux, options: PacketSocketOptions) {
    this.#calls = calls;
    this.#options = options;
    // Protocol 0 hears nothing until `bind` names the interface; else frames of every interface would come first.
    this.fd = calls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw socketError(errno());
    try {
      if (options.qdiscBypass) this.#set(SOL_PACKET, PACKET_QDISC_BYPASS, int32(1), 'PACKET_QDISC_BYPASS');
      if (options.receives) this.#prepareReceive();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Binds to the interface of this number. False: the kernel refused, as when the interface is gone by now. */
  bind(index: number): boolean {
    /* struct sockaddr_ll: 0 family u16 │ 2 protocol u16, network order │ 4 ifindex i32 │ 8 hatype, pkttype, halen, addr */
    const address = new Uint8Array(20);
    const fields = new DataView(address.buffer);
    fields.setUint16(0, AF_PACKET, true);
    fields.setUint16(2, this.#options.receives ? ETH_P_ALL : 0, false);
    fields.setInt32(4, index, true);
    if (this.#calls.bind(this.fd, address, address.length) < 0) return false;
    if (!this.#options.receives || !this.#options.promiscuous) return true;
    /* struct packet_mreq: 0 ifindex i32 │ 4 type u16 │ 6 alen u16 │ 8 address */
    const membership = new Uint8Array(16);
    new DataView(membership.buffer).setInt32(0, index, true);
    new DataView(membership.buffer).setUint16(4, PACKET_MR_PROMISC, true);
    return this.#trySet(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership);
  }

  close(): void {
    if (this.fd >= 0) this.#calls.close(this.fd);
  }

  #prepareReceive(): void {
    // Else every frame that this host sends over the interface, by any socket, would come in again.
    this.#set(SOL_PACKET, PACKET_IGNORE_OUTGOING, int32(1), 'PACKET_IGNORE_OUTGOING');
    this.#set(SOL_PACKET, PACKET_AUXDATA, int32(1), 'PACKET_AUXDATA');
    const size = int32(this.#options.receiveBufferBytes);
    // Past net.core.rmem_max only CAP_NET_ADMIN may go; without it the kernel grants what it may.
    if (!this.#trySet(SOL_SOCKET, SO_RCVBUFFORCE, size)) this.#set(SOL_SOCKET, SO_RCVBUF, size, 'SO_RCVBUF');
  }

  #trySet(level: number, option: number, value: Uint8Array): boolean {
    return this.#calls.setsockopt(this.fd, level, option, value, value.length) >= 0;
  }

  #set(level: number, option: number, value: Uint8Array, name: string): void {
    if (this.#trySet(level, option, value)) return;
    throw new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', `the kernel refused ${name} (errno ${errno()})`, {
      where: 'nic-driver af-packet',
      mend: 'use Linux 4.20 or later',
    });
  }
}

function socketError(code: number): FairleadError {
  const forbidden = code === Errno.EPERM || code === Errno.EACCES;
  return new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', `the AF_PACKET socket was refused (errno ${code})`, {
    where: 'nic-driver af-packet',
    mend: forbidden
      ? 'run as root, or give node the capability: setcap cap_net_raw+ep "$(readlink -f "$(command -v node)")"'
      : 'the kernel needs CONFIG_PACKET (module af_packet)',
  });
}
