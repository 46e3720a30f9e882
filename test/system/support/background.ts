import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { undoAtExit } from './cleanup.ts';
import { within } from './deadline.ts';

const KEPT_OUTPUT = 64 << 10;

/** A process that runs beside the test until it is stopped. It never outlives the test's own process. */
export class Background {
  readonly #child: ChildProcess;
  readonly #title: string;
  readonly #forget: () => void;
  readonly #closed: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #output = '';

  private constructor(child: ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    this.#forget = undoAtExit(() => void child.kill('SIGKILL'));
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
      for (const listener of this.#listeners) listener();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** Starts `argv`. A parent that is killed takes it along (`setpriv --pdeathsig`, prctl(2) PR_SET_PDEATHSIG). */
  static async start(argv: readonly string[]): Promise<Background> {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    const background = new Background(child, argv.join(' '));
    await once(child, 'spawn');
    return background;
  }

  /** The process's id; setpriv and `ip netns exec` become the command, so it is the command's own. */
  get pid(): number {
    return this.#child.pid as number;
  }

  /** The last 64 KiB of what it wrote. */
  get output(): string {
    return this.#output;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Hands each line of its standard output that is still to come to `hear`. */
  eachLine(hear: (line: string) => void): void {
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on('line', hear);
  }

  /**
   * Waits until the output matches. What it has said stays said, also when it has ended since.
   * @throws Error with the output, when the process ends first or `timeoutMs` pass.
   */
  async says(pattern: RegExp, timeoutMs: number): Promise<void> {
    if (pattern.test(this.#output)) return;
    let listener = (): void => undefined;
    const said = new Promise<void>((resolve) => {
      listener = () => void (pattern.test(this.#output) && resolve());
      this.#listeners.add(listener);
    });
    try {
      await this.unlessEnded(within(said, timeoutMs, `${pattern} from "${this.#title}"`));
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /**
   * Waits for `event`, but not past the end of this process.
   * @throws Error with the output, when the process ends first.
   */
  unlessEnded<T>(event: Promise<T>): Promise<T> {
    const ended = this.#closed.then((): never => {
      const status = this.#child.exitCode ?? this.#child.signalCode;
      throw new Error(`"${this.#title}" ended with ${status}: ${this.#output.trim()}`);
    });
    return Promise.race([event, ended]);
  }

  /** Ends the process at once, as if it had crashed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
    this.#forget();
  }

  /** Ends the process: politely, and after `patienceMs` not. */
  async stop(patienceMs = 3_000): Promise<void> {
    this.#child.kill('SIGTERM');
    try {
      await within(this.#closed, patienceMs, 'end');
    } catch {
      this.#child.kill('SIGKILL');
      await this.#closed;
    }
    this.#forget();
  }
}
