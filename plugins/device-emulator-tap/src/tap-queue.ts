import { closeSync } from 'node:fs';
import koffi, { type node } from 'koffi';
import { Errno, errno, type Linux } from './linux.ts';

/** What a read or write says in place of a number of bytes. */
export const NOT_NOW = -1;
/** The interface was deleted under us. */
export const GONE = -2;
/** The kernel will never take this frame. */
export const REFUSED = -3;

/** Reads and writes frames on a tap's descriptor; owns it. */
export class TapQueue {
  /** The frame that `read` read. */
  readonly frame: Uint8Array;
  readonly #calls: Linux;
  readonly #fd: number;
  readonly #frameAddress: number;
  /** The pool whose address is known; holding it keeps the address valid. */
  #pool: Uint8Array | undefined;
  #poolAddress = 0;
  #poll: node.PollHandle | undefined;
  #watching = false;

  /** A frame longer than `maxFrameBytes` is read as one byte more, so that whoever checks it sees that it was. */
  constructor(calls: Linux, fd: number, maxFrameBytes: number) {
    this.#calls = calls;
    this.#fd = fd;
    this.frame = new Uint8Array(maxFrameBytes + 1);
    this.#frameAddress = Number(koffi.address(this.frame));
  }

  /** Length of the frame that is now in `frame`, `NOT_NOW` or `GONE`. */
  read(): number {
    const bytes = this.#calls.read(this.#fd, this.#frameAddress, this.frame.length);
    if (bytes >= 0) return bytes;
    return errno() === Errno.EBADFD ? GONE : NOT_NOW;
  }

  /** Writes a frame from where it is; its length, `NOT_NOW`, `GONE` or `REFUSED`. */
  write(memory: Uint8Array, offset: number, bytes: number): number {
    if (memory !== this.#pool) {
      this.#pool = memory;
      this.#poolAddress = Number(koffi.address(memory));
    }
    const written = this.#calls.write(this.#fd, this.#poolAddress + offset, bytes);
    if (written >= 0) return written;
    const code = errno();
    if (code === Errno.EBADFD) return GONE;
    // EIO: the interface is down.
    const later =
      code === Errno.EAGAIN ||
      code === Errno.EIO ||
      code === Errno.ENOMEM ||
      code === Errno.ENOBUFS ||
      code === Errno.EINTR;
    return later ? NOT_NOW : REFUSED;
  }

  /** Calls `readable` once, when a frame can be read. */
  watch(readable: () => void): void {
    if (this.#watching) return;
    this.#watching = true;
    const once = (): void => {
      this.unwatch();
      readable();
    };
    // The handle stays, stopped: it must be referenced for as long as it is to fire.
    if (this.#poll === undefined) this.#poll = koffi.node.poll(this.#fd, { readable: true }, once);
    else this.#poll.start({ readable: true }, once);
  }

  unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    this.#poll?.stop();
  }

  close(): void {
    this.#poll?.close();
    this.#poll = undefined;
    this.#watching = false;
    closeSync(this.#fd);
  }
}
