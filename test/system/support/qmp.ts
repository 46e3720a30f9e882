import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { within } from './deadline.ts';

interface QmpMessage {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

const ANSWER_MS = 10_000;

/** A client of QEMU's machine protocol, a JSON object a line (QEMU's docs/interop/qmp-spec). */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (message: QmpMessage) => void>();
  #nextId = 0;
  /** Names of the events that QEMU has told of, oldest first. */
  readonly events: string[] = [];
  #greet = (): void => undefined;
  readonly #greeting = new Promise<void>((resolve) => {
    this.#greet = resolve;
  });

  constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as QmpMessage;
      if (message.QMP !== undefined) this.#greet();
      if (message.event !== undefined) this.events.push(message.event);
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    });
  }

  /** Leaves the negotiation mode; must be called once, before {@link execute}. */
  async negotiate(): Promise<void> {
    await within(this.#greeting, ANSWER_MS, 'QMP greeting');
    await this.execute('qmp_capabilities');
  }

  /**
   * Executes one command and answers what it returned.
   * @throws Error with QEMU's description, when QEMU refuses it.
   */
  async execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = this.#nextId++;
    const answer = new Promise<QmpMessage>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      const message = await within(answer, ANSWER_MS, `answer to QMP ${command}`);
      if (message.error !== undefined) throw new Error(`QMP ${command}: ${message.error.desc}`);
      return message.return;
    } finally {
      this.#waiting.delete(id);
    }
  }
}
