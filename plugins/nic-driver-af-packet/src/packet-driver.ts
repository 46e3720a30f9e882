import {
  FairleadError,
  type FrameBurst,
  inject,
  type LinkStatus,
  type Log,
  Logger,
  Nic,
  type NicContext,
  type NicDriver,
  Options,
  type Static,
} from '@fairlead/sdk';
import koffi, { type node } from 'koffi';
import { Errno, errno, type Linux, linux, MSG_DONTWAIT, MSG_TRUNC } from './linux.ts';
import { LinuxInterface } from './linux-interface.ts';
import { MessageBlock } from './message-block.ts';
import type { afPacketOptions } from './options.ts';
import { PacketSocket } from './packet-socket.ts';
import { insertVlanTag, VLAN_TAG_BYTES } from './vlan.ts';

/** Number in `NicContext.shared` where the control side keeps the interface's index for the data side. */
const INTERFACE_INDEX = 0;

const addressOf = (buffer: Uint8Array): bigint => koffi.address(buffer);

const nothingArmed = (): void => {};

/**
 * A Linux interface through an AF_PACKET socket. `sendmmsg` takes frames straight out of the frame pool and `recvmmsg`
 * writes them straight into it: no copy on this side of the system call.
 *
 * @example
 * ```ts
 * import afPacket, { type AfPacket } from '@fairlead/nic-driver-af-packet';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const driver = createInstance(afPacket, { interface: 'lo' }) as AfPacket;
 * await driver.open(); // needs CAP_NET_RAW
 * console.log(driver.link());
 * await driver.close();
 * ```
 */
export class AfPacket implements NicDriver {
  readonly #options: Static<typeof afPacketOptions>;
  readonly #nic: NicContext;
  readonly #log: Log;
  #calls!: Linux;
  #interface: LinuxInterface | undefined;
  #socket: PacketSocket | undefined;
  #fd = -1;
  #boundIndex = 0;
  #outgoing!: MessageBlock;
  #incoming!: MessageBlock;
  /** The pool whose address is known; holding it keeps the address valid. */
  #pool: Uint8Array | undefined;
  #poolAddress = 0;
  #poll: node.PollHandle | undefined;
  #wake: (() => void) | undefined;

  constructor(
    @inject(Options) options: Static<typeof afPacketOptions>,
    @inject(Nic) nic: NicContext,
    @inject(Logger) log: Log,
  ) {
    this.#options = options;
    this.#nic = nic;
    this.#log = log;
  }

  /** @throws FairleadError `FAIRLEAD_ERR_DRIVER_OPEN`: not Linux, no such interface, or no right to raw sockets. */
  async open(): Promise<void> {
    const { interface: name, batch, speedBps } = this.#options;
    this.#calls = linux();
    this.#interface = new LinuxInterface(this.#calls, name, speedBps, addressOf);
    const index = this.#interface.index();
    if (index === 0) {
      throw new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', `there is no interface "${name}" in this network namespace`, {
        where: `nic ${this.#nic.name}`,
        mend: 'name one that `ip link` lists',
      });
    }
    if (this.#nic.role !== 'data' && this.#interface.mergesFrames()) {
      this.#log.warn(
        `${name} merges received frames, and merged ones are dropped as oversize: run ethtool -K ${name} gro off lro off`,
      );
    }
    if (this.#nic.role === 'control') return;
    this.#socket = new PacketSocket(this.#calls, { ...this.#options, receives: this.#nic.receives });
    this.#fd = this.#socket.fd;
    this.#outgoing = new MessageBlock(batch, false, addressOf);
    this.#incoming = new MessageBlock(batch, true, addressOf);
    if (!this.#bindTo(index)) {
      throw new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', `"${name}" cannot be bound to (errno ${errno()})`, {
        where: `nic ${this.#nic.name}`,
        mend: 'use an Ethernet interface that `ip link` lists',
      });
    }
  }

  async close(): Promise<void> {
    this.#poll?.close();
    this.#socket?.close();
    this.#interface?.close();
    this.#poll = undefined;
    this.#socket = undefined;
    this.#interface = undefined;
    this.#fd = -1;
  }

  link(): LinkStatus {
    const status = (this.#interface as LinuxInterface).link();
    if (status.up) this.#nic.shared[INTERFACE_INDEX] = (this.#interface as LinuxInterface).index();
    return status;
  }

  send(burst: FrameBurst): number {
    this.#follow();
    if (burst.memory !== this.#pool) this.#learnPool(burst.memory);
    const { count, offset, bytes } = burst;
    let done = 0;
    while (done < count) {
      const n = Math.min(count - done, this.#outgoing.capacity);
      for (let i = 0; i < n; i++) this.#outgoing.set(i, this.#poolAddress + offset[done + i], bytes[done + i]);
      // When a frame other than the first fails, the kernel tells how many went and keeps the error for the next call.
      const sent = this.#calls.sendmmsg(this.#fd, this.#outgoing.firstAddress, n, MSG_DONTWAIT);
      if (sent > 0) {
        done += sent;
      } else if (this.#mayGoLater(errno())) {
        return done;
      } else {
        burst.fail(done++);
      }
    }
    return done;
  }

  receive(burst: FrameBurst): number {
    this.#follow();
    if (burst.memory !== this.#pool) this.#learnPool(burst.memory);
    const { capacity, offset, maxFrameBytes } = burst;
    let done = 0;
    while (done < capacity) {
      const n = Math.min(capacity - done, this.#incoming.capacity);
      for (let i = 0; i < n; i++) this.#incoming.set(i, this.#poolAddress + offset[done + i], maxFrameBytes);
      const got = this.#calls.recvmmsg(this.#fd, this.#incoming.firstAddress, n, MSG_DONTWAIT | MSG_TRUNC, 0);
      for (let i = 0; i < got; i++) this.#accept(burst, done + i, i);
      if (got > 0) done += got;
      if (got < n) break;
    }
    return done;
  }

  arm(wake: () => void): () => void {
    if (!this.#nic.receives || this.#fd < 0) return nothingArmed;
    this.#wake = wake;
    if (this.#poll === undefined) this.#poll = koffi.node.poll(this.#fd, { readable: true }, this.#readable);
    else this.#poll.start({ readable: true }, this.#readable);
    return this.#disarm;
  }

  /* The handle stays, stopped: it must be referenced for as long as it is to fire. */
  readonly #readable = (): void => {
    this.#poll?.stop();
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };

  readonly #disarm = (): void => {
    this.#poll?.stop();
    this.#wake = undefined;
  };

  /** Makes message `message` frame `i` of the burst: its length, and the tag that the kernel took off put back. */
  #accept(burst: FrameBurst, i: number, message: number): void {
    let bytes = this.#incoming.receivedBytes(message);
    const tag = this.#incoming.takeVlanTag(message);
    if (tag !== 0) {
      if (bytes + VLAN_TAG_BYTES <= burst.maxFrameBytes) insertVlanTag(burst.memory, burst.offset[i], bytes, tag);
      bytes += VLAN_TAG_BYTES;
    }
    burst.bytes[i] = bytes > burst.maxFrameBytes ? burst.maxFrameBytes + 1 : bytes;
  }

  /**
   * True when the frame was not sent for want of room or of a link. Without the bypass `ENOBUFS` says that traffic
   * control has dropped the frame, perhaps by a rule that would drop it for ever: then it is gone.
   */
  #mayGoLater(code: number): boolean {
    if (code === Errno.ENOBUFS) return this.#options.qdiscBypass;
    return (
      code === Errno.EAGAIN ||
      code === Errno.ENETDOWN ||
      code === Errno.ENXIO ||
      code === Errno.ENODEV ||
      code === Errno.ENOMEM ||
      code === Errno.EINTR
    );
  }

  /** Follows an interface that was deleted and made anew under its name: its number changed. */
  #follow(): void {
    const index = this.#nic.shared[INTERFACE_INDEX];
    if (index !== this.#boundIndex && index !== 0) this.#bindTo(index);
  }

  #bindTo(index: number): boolean {
    this.#boundIndex = index;
    return (this.#socket as PacketSocket).bind(index);
  }

  #learnPool(memory: Uint8Array): void {
    this.#pool = memory;
    this.#poolAddress = Number(koffi.address(memory));
  }
}
