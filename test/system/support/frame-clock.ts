import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { within } from './deadline.ts';
import { EXPERIMENTAL_TYPE } from './stream-socket.ts';

/** A guest at the socket of a virtual NIC that notes when each frame of the type for local experiments has come. */
export class FrameClock {
  /** Where in a frame its number is, of four bytes. */
  static readonly numberAt = 14;
  /** When each came, by `performance.now()`. */
  readonly arrivedMs: number[] = [];
  /** The number that each carries behind its Ethernet header. */
  readonly numbers: number[] = [];
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk, performance.now()));
  }

  static async connect(path: string): Promise<FrameClock> {
    const socket = connect(path);
    await within(once(socket, 'connect'), 5_000, `connection to ${path}`);
    return new FrameClock(socket);
  }

  #take(chunk: Buffer, nowMs: number): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4) {
      const end = 4 + this.#rest.readUInt32BE(0);
      if (this.#rest.length < end) return;
      if (this.#rest.readUInt16BE(4 + 12) === EXPERIMENTAL_TYPE) {
        this.arrivedMs.push(nowMs);
        this.numbers.push(this.#rest.readUInt32BE(4 + FrameClock.numberAt));
      }
      this.#rest = this.#rest.subarray(end);
    }
  }

  leave(): void {
    this.#socket.destroy();
  }
}
