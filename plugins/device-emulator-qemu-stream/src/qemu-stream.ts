import { createServer, type Server, type Socket } from 'node:net';
import {
  type DeviceEmulator,
  inject,
  type Log,
  Logger,
  Options,
  Port,
  type Static,
  type VnicPort,
} from '@fairlead/sdk';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import type { qemuStreamOptions } from './options.ts';
import { listenOn, removeSocket } from './socket-file.ts';

/** While the port has no room it is asked again after this long, and then ever less often: an idle host stays idle. */
const FIRST_RETRY_US = 100;
const LAST_RETRY_US = 10_000;

/** Writes in one `poll`, so that one VM's traffic does not keep the thread from the others'. */
const WRITES_A_POLL = 4;

/**
 * A QEMU guest behind a unix socket (`-netdev stream,server=off`), one guest at a time. Bytes that arrive are pushed
 * from the socket's own event; a port without room pauses the socket, so that the guest feels it and nothing is lost.
 *
 * @example
 * ```ts
 * import qemuStream, { type QemuStream } from '@fairlead/device-emulator-qemu-stream';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const device = createInstance(qemuStream, { path: '/tmp/web.sock' }) as QemuStream;
 * await device.open(); // QEMU may connect now
 * await device.close();
 * ```
 */
export class QemuStream implements DeviceEmulator {
  readonly #path: string;
  readonly #port: VnicPort;
  readonly #log: Log;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  #server: Server | undefined;
  #guest: Socket | undefined;
  #wake: () => void = () => {};
  /** Bytes that arrived and found no room: `#rest[#restFrom] …`, at most one chunk. */
  #rest: Uint8Array | undefined;
  #restFrom = 0;
  #retryUs = FIRST_RETRY_US;
  /** The socket still reads from the writer's buffer. */
  #writing = false;

  constructor(
    @inject(Options) options: Static<typeof qemuStreamOptions>,
    @inject(Port) port: VnicPort,
    @inject(Logger) log: Log,
  ) {
    this.#path = options.path;
    this.#port = port;
    this.#log = log;
    this.#reader = new FrameReader(port);
    this.#writer = new FrameWriter(port, options.backlogBytes);
  }

  /** @throws FairleadError `FAIRLEAD_ERR_DEVICE_OPEN` when the socket cannot be made at the path. */
  async open(): Promise<void> {
    this.#server = createServer((socket) => this.#accept(socket));
    await listenOn(this.#server, this.#path, `vnic ${this.#port.name}`);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || !server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.#guest?.destroy();
    await closed;
    await removeSocket(this.#path);
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  poll(nowUs: number): number {
    if (this.#rest !== undefined) {
      const from = this.#restFrom;
      this.#push();
      if (this.#rest === undefined) this.#guest?.resume();
      this.#retryUs = this.#restFrom > from ? FIRST_RETRY_US : Math.min(this.#retryUs * 2, LAST_RETRY_US);
    }
    if (this.#deliver()) return nowUs;
    return this.#rest === undefined ? Number.POSITIVE_INFINITY : nowUs + this.#retryUs;
  }

  #accept(socket: Socket): void {
    socket.on('error', (error) => this.#log.warn(`connection on ${this.#path} failed: ${error.message}`));
    if (this.#guest !== undefined) {
      this.#log.warn(`refused a second guest on ${this.#path}: the first is still connected`);
      socket.destroy();
      return;
    }
    this.#guest = socket;
    socket.on('data', this.#arrived);
    socket.once('close', () => this.#left(socket));
    // Frames may have waited for a guest.
    this.#wake();
  }

  readonly #arrived = (chunk: Uint8Array): void => {
    this.#rest = chunk;
    this.#restFrom = 0;
    this.#push();
    if (this.#rest === undefined) return;
    this.#retryUs = FIRST_RETRY_US;
    this.#guest?.pause();
    this.#wake();
  };

  #left(socket: Socket): void {
    if (socket !== this.#guest) return; // it was cut off, and another may be here by now
    this.#reader.abandon();
    this.#rest = undefined;
    this.#guest = undefined;
    this.#writing = false;
  }

  /** Pushes what has arrived, as far as there is room. */
  #push(): void {
    const rest = this.#rest as Uint8Array;
    const at = this.#reader.read(rest, this.#restFrom);
    this.#port.flush();
    if (at < 0) {
      this.#log.warn(`closed the connection on ${this.#path}: it sent a length that no frame has`);
      this.#cutOff();
      return;
    }
    this.#restFrom = at;
    if (at === rest.length && !this.#reader.holdsFrame) this.#rest = undefined;
  }

  /** The guest is gone from this moment: it may come again before its old connection has told of its end. */
  #cutOff(): void {
    const guest = this.#guest as Socket;
    // A destroyed socket still hands over what it has read and kept while it was paused.
    guest.off('data', this.#arrived);
    guest.destroy();
    this.#left(guest);
  }

  /** Writes waiting frames to the guest; true when more may wait. */
  #deliver(): boolean {
    const guest = this.#guest;
    if (guest === undefined || this.#writing || !guest.writable) return false;
    for (let writes = 0; writes < WRITES_A_POLL; writes++) {
      const framed = this.#writer.fill();
      if (framed.length === 0) return false;
      guest.write(framed, this.#written);
      // Nothing left means that the kernel has it all: the buffer is free again without waiting for the callback.
      if (guest.writableLength > 0) {
        this.#writing = true;
        return false;
      }
    }
    return true;
  }

  readonly #written = (): void => {
    // The callbacks of earlier writes come late; only an empty socket has let go of the buffer.
    if (!this.#writing || (this.#guest?.writableLength ?? 0) > 0) return;
    this.#writing = false;
    this.#wake();
  };
}
