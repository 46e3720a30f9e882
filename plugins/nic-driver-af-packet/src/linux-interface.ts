import type { LinkStatus } from '@fairlead/sdk';
import { AF_INET, type Linux, SOCK_CLOEXEC, SOCK_DGRAM } from './linux.ts';

const SIOCGIFFLAGS = 0x8913;
const SIOCGIFINDEX = 0x8933;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GSET = 0x1;
const ETHTOOL_GGRO = 0x2b;

const IFF_UP = 0x1;
/** Operational state of RFC 2863: carrier is present and the interface is ready to pass frames. */
const IFF_RUNNING = 0x40;

const IFNAMSIZ = 16;
const DOWN: LinkStatus = Object.freeze({ up: false, speedBps: 0 });

/**
 * What the kernel says of one interface, asked through ioctls on a socket of this thread's network namespace (sysfs
 * would show the namespace of whoever mounted it).
 *
 * `struct ifreq`:  0 name (16) │ 16 union: flags i16 / index i32 / pointer to an ethtool command (24)
 */
export class LinuxInterface {
  readonly #calls: Linux;
  readonly #fd: number;
  readonly #request = new Uint8Array(40);
  readonly #words = new Int32Array(this.#request.buffer);
  readonly #command = new Uint8Array(44);
  readonly #commandAddress: bigint;
  readonly #speedBps: number;
  #status: LinkStatus = DOWN;
  #index = 0;

  /** `speedBps` over 0 is reported in place of the device's own. `address` gives a buffer's address. */
  constructor(calls: Linux, name: string, speedBps: number, address: (buffer: Uint8Array) => bigint) {
    this.#calls = calls;
    this.#speedBps = speedBps;
    this.#fd = calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    this.#request.set(new TextEncoder().encode(name).subarray(0, IFNAMSIZ - 1));
    this.#commandAddress = address(this.#command);
  }

  /** Number of the interface that has the name now; 0 when none has. It changes when the interface is made anew. */
  index(): number {
    return this.#calls.ioctl(this.#fd, SIOCGIFINDEX, this.#request) < 0 ? 0 : this.#words[4];
  }

  /** Carrier and speed. The speed is asked only when the link comes up or the interface is another: it costs a driver call. */
  link(): LinkStatus {
    if (this.#calls.ioctl(this.#fd, SIOCGIFFLAGS, this.#request) < 0) return (this.#status = DOWN);
    const flags = this.#words[4] & 0xffff;
    if ((flags & IFF_UP) === 0 || (flags & IFF_RUNNING) === 0) return (this.#status = DOWN);
    const index = this.index();
    if (!this.#status.up || index !== this.#index) {
      this.#index = index;
      this.#status = Object.freeze({
        up: true,
        speedBps: this.#speedBps > 0 ? this.#speedBps : this.#deviceSpeedBps(),
      });
    }
    return this.#status;
  }

  /** True when the kernel merges received frames into larger ones (GRO), which then fit no slot. */
  mergesFrames(): boolean {
    return this.#ethtool(ETHTOOL_GGRO) && this.#commandWord(4) !== 0;
  }

  close(): void {
    if (this.#fd >= 0) this.#calls.close(this.#fd);
  }

  /* struct ethtool_cmd holds Mbit/s in two halves: low at byte 12, high at byte 28; all ones when it is unknown. */
  #deviceSpeedBps(): number {
    if (!this.#ethtool(ETHTOOL_GSET)) return 0;
    const megabits = (this.#commandWord(12) & 0xffff) + (this.#commandWord(28) & 0xffff) * 65536;
    return megabits === 0xffffffff || megabits === 0xffff ? 0 : megabits * 1e6;
  }

  #commandWord(at: number): number {
    return new DataView(this.#command.buffer).getUint32(at, true);
  }

  #ethtool(command: number): boolean {
    this.#command.fill(0);
    this.#command[0] = command;
    new DataView(this.#request.buffer).setBigUint64(IFNAMSIZ, this.#commandAddress, true);
    return this.#calls.ioctl(this.#fd, SIOCETHTOOL, this.#request) >= 0;
  }
}
