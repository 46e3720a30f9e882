import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { within } from './deadline.ts';

const HEADER_BYTES = 14;
/** For local experiments (IEEE 802). */
export const EXPERIMENTAL_TYPE = 0x88b5;

/** An Ethernet frame of the type for local experiments; its payload is zeros. */
export function ethernetFrame(destination: string, source: string, bytes: number): Buffer {
  const frame = Buffer.alloc(Math.max(bytes, HEADER_BYTES));
  frame.write(destination.replaceAll(':', '') + source.replaceAll(':', ''), 'hex');
  frame.writeUInt16BE(EXPERIMENTAL_TYPE, 12);
  return frame.subarray(0, bytes);
}

/** A frame behind its length in four bytes, as QEMU's `-netdev stream` sends it (`net/stream.c`). */
export function framed(frame: Uint8Array, claimBytes = frame.length): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(claimBytes);
  return Buffer.concat([prefix, frame]);
}

/** A guest of our own making at the socket of a virtual NIC: it sends whatever bytes it likes and reads nothing. */
export class StreamSocket {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    // The host may close on us in the middle of a write, which is an error here: `closed` tells of it.
    socket.on('error', () => undefined);
  }

  static async connect(path: string): Promise<StreamSocket> {
    const socket = connect(path);
    await within(once(socket, 'connect'), 20_000, `connection to ${path}`);
    return new StreamSocket(socket);
  }

  /** Sends bytes; resolves when the host's side has room for more, or is gone. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.#socket.write(bytes) || this.#socket.destroyed) return;
    const drained = new Promise<void>((resolve) => this.#socket.once('drain', () => resolve()));
    await within(Promise.race([drained, this.#closed]), 20_000, 'room in the socket');
  }

  /** Sends bytes one by one, each in a write of its own. */
  async sendSlowly(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at++) {
      await new Promise((written) => this.#socket.write(bytes.subarray(at, at + 1), written));
      await turn();
    }
  }

  /** Resolves when the host has closed the connection. */
  closed(): Promise<void> {
    // Node tells of the end only to who reads up to it.
    this.#socket.resume();
    return within(this.#closed, 20_000, 'end of the connection');
  }

  /** Leaves, after what was sent. */
  async leave(): Promise<void> {
    this.#socket.end();
    await this.closed();
  }
}
