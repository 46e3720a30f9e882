import { createConnection, type Socket } from 'node:net';
import type { Clock } from '@fairlead/sdk';
import { QmpError } from './qmp-error.ts';
import { QmpLines } from './qmp-lines.ts';

/** What a peer may take of our time and memory. */
export interface QmpLimits {
  readonly answerMs: number;
  /** Until it answers, events included. */
  readonly maxReplyBytes: number;
}

/** While nothing is asked, what QEMU may tell in a second. It tells a dozen events of 100 bytes in a busy one. */
const IDLE_BYTES_A_SECOND = 65_536;
/** Of the words of a peer, in an error. */
const SHOWN = 80;

interface Message {
  readonly QMP?: unknown;
  readonly event?: unknown;
  readonly id?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly desc?: unknown };
}

interface Waiting {
  readonly id: number | 'greeting';
  resolve(value: unknown): void;
  reject(error: QmpError): void;
}

/**
 * One connection to QEMU's machine protocol, a JSON object a line (QEMU, docs/interop/qmp-spec). Commands go one at a
 * time. A peer that breaks the protocol, or a limit, is cut off: what it says after that would be the answer to nobody
 * knows what.
 */
export class QmpClient {
  readonly #socket: Socket;
  readonly #limits: QmpLimits;
  readonly #clock: Clock;
  readonly #onEvent: (event: string) => void;
  readonly #lines: QmpLines;
  #waiting: Waiting | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #nextId = 1;
  /** Bytes since the last command was sent, or in the second since `#idleSinceUs`. */
  #bytes = 0;
  #idleSinceUs = 0;
  #end: QmpError | undefined;
  readonly #ended: Promise<void>;

  private constructor(path: string, limits: QmpLimits, clock: Clock, onEvent: (event: string) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#lines = new QmpLines(limits.maxReplyBytes);
    this.#socket = createConnection(path);
    this.#socket.on('data', (chunk: Buffer) => this.#arrived(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      const nobody = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      this.#cutOff(new QmpError(nobody ? 'absent' : 'ended', error.message));
    });
    this.#ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.once('close', () => this.#cutOff(new QmpError('ended', 'QEMU closed the connection')));
  }

  /**
   * Connects, hears the greeting, and leaves the negotiation of capabilities.
   * @throws QmpError
   */
  static async connect(
    path: string,
    limits: QmpLimits,
    clock: Clock,
    onEvent: (event: string) => void,
  ): Promise<QmpClient> {
    const client = new QmpClient(path, limits, clock, onEvent);
    try {
      await client.#answerTo('greeting', 'greeting');
      await client.execute('qmp_capabilities');
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** False once the connection is of no more use. */
  get usable(): boolean {
    return this.#end === undefined;
  }

  /**
   * Executes one command, when those before it are answered, and answers what it returned.
   * @throws QmpError
   */
  execute(command: string, args?: object): Promise<unknown> {
    const done = this.#turn.then(() => {
      const id = this.#nextId++;
      const answer = this.#answerTo(id, `answer to ${command}`);
      if (this.#end === undefined) {
        this.#socket.write(`${JSON.stringify({ execute: command, id, ...(args && { arguments: args }) })}\n`);
      }
      return answer;
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Closes the connection; resolves when it is. */
  async close(): Promise<void> {
    this.#cutOff(new QmpError('ended', 'the connection was given up'));
    await this.#ended;
  }

  /** True when QEMU has closed the connection, false when it has not for the time that an answer may take. */
  async ended(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, this.#limits.answerMs, false);
    });
    const gone = await Promise.race([this.#ended.then(() => true), late]);
    clearTimeout(timer);
    return gone;
  }

  async #answerTo(id: Waiting['id'], what: string): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    this.#bytes = 0;
    const { answerMs } = this.#limits;
    const timer = setTimeout(() => this.#cutOff(new QmpError('late', `no ${what} for ${answerMs} ms`)), answerMs);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { id, resolve, reject };
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
      this.#bytes = 0;
      this.#idleSinceUs = this.#clock.nowUs();
    }
  }

  #arrived(chunk: Buffer): void {
    if (this.#end !== undefined) return; // what was read before it was cut off
    if (!this.#affordable(chunk.length)) return;
    const lines = this.#lines.take(chunk);
    if (lines === undefined) {
      this.#cutOff(new QmpError('broken', `it sent a line of more than ${this.#limits.maxReplyBytes} bytes`));
      return;
    }
    for (const line of lines) {
      if (this.#end === undefined && line.trim() !== '') this.#heard(line);
    }
  }

  /** Whether the peer may send so much more; it is cut off if not. */
  #affordable(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#waiting !== undefined) {
      if (this.#bytes <= this.#limits.maxReplyBytes) return true;
      this.#cutOff(new QmpError('broken', `it sent ${this.#bytes} bytes and no answer`));
      return false;
    }
    const nowUs = this.#clock.nowUs();
    if (nowUs - this.#idleSinceUs >= 1_000_000) {
      this.#idleSinceUs = nowUs;
      this.#bytes = bytes;
    }
    if (this.#bytes <= IDLE_BYTES_A_SECOND) return true;
    this.#cutOff(new QmpError('broken', `it sent ${this.#bytes} bytes that nobody asked for`));
    return false;
  }

  #heard(line: string): void {
    const message = read(line);
    if (message === undefined) {
      this.#cutOff(new QmpError('broken', `it sent what is no QMP message: ${line.slice(0, SHOWN)}`));
      return;
    }
    const waiting = this.#waiting;
    if (message.event !== undefined) this.#onEvent(String(message.event).slice(0, SHOWN));
    else if (waiting?.id === 'greeting' && message.QMP !== undefined) waiting.resolve(undefined);
    else if (waiting !== undefined && message.id === waiting.id && 'return' in message) waiting.resolve(message.return);
    else if (waiting !== undefined && message.id === waiting.id && message.error != null) {
      waiting.reject(new QmpError('refused', String(message.error.desc).slice(0, 4 * SHOWN)));
    } else this.#cutOff(new QmpError('broken', `it sent what nobody asked for: ${line.slice(0, SHOWN)}`));
  }

  #cutOff(why: QmpError): void {
    this.#end ??= why;
    this.#waiting?.reject(this.#end);
    this.#socket.destroy();
  }
}

function read(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && !Array.isArray(message) ? message : undefined;
  } catch {
    return undefined; // the caller tells of it, with the line
  }
}
