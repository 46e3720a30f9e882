import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Account, ActionState, NicStatus, VmInfo, WrittenHostConfig } from '@fairlead/core';
import type { DropReasonName } from '@fairlead/sdk';
import { undoAtExit } from './cleanup.ts';
import { within } from './deadline.ts';

/** What the host's process is asked. */
export type HostRequest =
  | { readonly ask: 'start'; readonly config: WrittenHostConfig }
  | { readonly ask: 'view' }
  | { readonly ask: 'close' };

/** A host as it was when it was looked at. */
export interface HostView {
  readonly nics: readonly NicStatus[];
  readonly vms: readonly (VmInfo & { readonly dropped: Partial<Record<DropReasonName, number>> })[];
  /** What its responders have done, oldest first, as `suspend a, over: backlog`. */
  readonly actions: readonly string[];
  /** What each of its chains has answered, oldest first. */
  readonly answers: readonly Answered[];
  /** The first 1000 signals that began or were over, as `attack of a began, says volume`. */
  readonly signals: readonly string[];
  /** The first 1000 things it told of itself: faults, changes of NICs, what its plugins logged. */
  readonly events: readonly string[];
}

/** What a chain did about a signal, or why it did nothing: then its `state` is `withheld`. */
export interface Answered {
  /** The chain, as `signals[0]`. */
  readonly where: string;
  readonly action: string;
  readonly vm: string;
  readonly state: ActionState;
  readonly reason: string;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

const PROGRAM = fileURLToPath(new URL('./host-program.mjs', import.meta.url));
const ANSWER_MS = 20_000;
/** A host whose guests boot meanwhile waits for them. */
const START_MS = 120_000;
const KEPT_OUTPUT = 16 << 10;

/**
 * A host in a process of its own, on the workers runtime, as a user runs it: what the test does beside it does not
 * hold up its devices.
 */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #forget: () => void;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 0;
  #output = '';

  private constructor() {
    // A parent that is killed takes it along (prctl(2) PR_SET_PDEATHSIG); setpriv becomes the program.
    const execArgv = ['--pdeathsig', 'KILL', process.execPath];
    this.#child = fork(PROGRAM, { execPath: 'setpriv', execArgv, silent: true });
    this.#forget = undoAtExit(() => void this.#child.kill('SIGKILL'));
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    this.#child.once('close', (status, signal) => {
      const error = `the host's process ended with ${status ?? signal}: ${this.#output.trim()}`;
      for (const [id, settle] of this.#waiting) settle({ id, error });
    });
  }

  /** @throws Error with the host's own complaint, when it cannot start. */
  static async start(config: WrittenHostConfig): Promise<HostProcess> {
    const started = new HostProcess();
    try {
      await started.#ask({ ask: 'start', config });
      return started;
    } catch (error) {
      await started.kill();
      throw error;
    }
  }

  async view(): Promise<HostView> {
    return (await this.#ask({ ask: 'view' })) as HostView;
  }

  /**
   * Closes the host and answers its last accounts.
   * @throws Error naming the VMs and NICs, when frames are not all accounted for.
   */
  async close(): Promise<readonly Account[]> {
    try {
      return (await this.#ask({ ask: 'close' })) as readonly Account[];
    } finally {
      await this.kill();
    }
  }

  /** Ends the process as it is; the kernel then closes what the host had open. Safe to call twice. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGKILL');
      await closed;
    }
    this.#forget();
  }

  async #ask(request: HostRequest): Promise<unknown> {
    const id = this.#nextId++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ ...request, id }, (error) => {
      if (error !== null) this.#waiting.get(id)?.({ id, error: `the host does not listen: ${error.message}` });
    });
    try {
      const { value, error } = await within(
        answered,
        request.ask === 'start' ? START_MS : ANSWER_MS,
        `answer from the host to "${request.ask}"`,
      );
      if (error !== undefined) throw new Error(error);
      return value;
    } finally {
      this.#waiting.delete(id);
    }
  }
}
