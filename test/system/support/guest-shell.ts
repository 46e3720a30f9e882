import type { Socket } from 'node:net';
import { within } from './deadline.ts';

/** What a command in the guest wrote, output and errors together, and how it ended. */
export interface GuestOutcome {
  readonly status: number;
  readonly output: string;
}

/** The guest's terminal driver holds 4,095 bytes that nobody has read yet. */
const LONGEST_REQUEST = 2_000;

/** How much longer than the guest itself this side waits for an answer: a busy emulated guest is slow to give up. */
const GRACE_MS = 10_000;

/**
 * This side of the guest's control channel, as `scripts/guest-image.sh` describes it:
 *   guest: `ready: NAME`   host: `run: ID SECONDS COMMAND`   guest: `done: ID STATUS LENGTH`, then LENGTH bytes
 */
export class GuestShell {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (outcome: GuestOutcome) => void>();
  #ready = (): void => undefined;
  #received = Buffer.alloc(0);
  #nextId: number;

  /** Resolves when the guest has booted and takes requests. */
  readonly ready = new Promise<void>((resolve) => {
    this.#ready = resolve;
  });

  /** `firstId`: above those of requests that the guest may still answer, if another shell has asked it before. */
  constructor(socket: Socket, firstId = 0) {
    this.#socket = socket;
    this.#nextId = firstId;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      while (this.#takeMessage());
    });
  }

  /**
   * Runs one line of shell in the guest. Commands may run beside each other.
   * @throws Error when the guest does not answer. A command that is too slow ends with status 143 (SIGTERM).
   */
  async run(line: string, timeoutMs = 10_000): Promise<GuestOutcome> {
    const id = this.#nextId++;
    const request = `run: ${id} ${Math.ceil(timeoutMs / 1_000)} ${line}\n`;
    if (line.includes('\n')) throw new Error('a guest command is one line');
    if (Buffer.byteLength(request) > LONGEST_REQUEST)
      throw new Error(`a guest command has ${LONGEST_REQUEST} bytes at most`);
    const answer = new Promise<GuestOutcome>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.write(request);
    try {
      return await within(answer, timeoutMs + GRACE_MS, `answer from the guest to "${line}"`);
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Takes one whole message off the received bytes, if there is one. */
  #takeMessage(): boolean {
    const lineEnd = this.#received.indexOf('\n');
    if (lineEnd < 0) return false;
    const [verb, id, status, length] = this.#received.toString('latin1', 0, lineEnd).split(' ');
    let end = lineEnd + 1;
    if (verb === 'done:') {
      const start = end;
      end += Number(length);
      if (this.#received.length < end) return false;
      this.#waiting.get(Number(id))?.({ status: Number(status), output: this.#received.toString('utf8', start, end) });
    } else if (verb === 'ready:') {
      this.#ready();
    }
    this.#received = this.#received.subarray(end);
    return true;
  }
}
