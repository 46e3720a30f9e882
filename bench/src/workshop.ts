import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingParts, type Part } from './parts.ts';
import { measure, type Outcome, run } from './process.ts';

const PEER_SOURCES = fileURLToPath(new URL('../peer/', import.meta.url));
const MEASURED = fileURLToPath(new URL('./measured/', import.meta.url));
const COMPILE_MS = 60_000;
const MEASURE_MS = 60_000;
const COMMAND_MS = 10_000;

/** What a group's cases are made with: compiled peers, measuring processes, a directory that goes away at the end. */
export class Workshop {
  readonly directory: string;
  readonly signal: AbortSignal;
  /** What was left out, and why: each printed once. */
  readonly leftOut: string[] = [];
  readonly #compiled = new Map<string, Promise<string>>();

  private constructor(directory: string, signal: AbortSignal) {
    this.directory = directory;
    this.signal = signal;
  }

  static async open(signal: AbortSignal): Promise<Workshop> {
    return new Workshop(await mkdtemp(path.join(tmpdir(), 'fairlead-bench-')), signal);
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /** True when all parts are there; else `what` is noted as left out, with what would enable it. */
  has(what: string, parts: readonly Part[]): boolean {
    const missing = missingParts(parts, availableParallelism());
    if (missing.length === 0) return true;
    const line = `${what} is left out: needs ${missing.join(', ')}`;
    if (!this.leftOut.includes(line)) this.leftOut.push(line);
    return false;
  }

  /** Compiles C peers with `gcc -O3`, once each, and answers the program's path. */
  peer(name: string, sources: readonly string[] = [`${name}.c`]): Promise<string> {
    let program = this.#compiled.get(name);
    if (program === undefined) {
      program = this.#compile(name, sources);
      this.#compiled.set(name, program);
    }
    return program;
  }

  async #compile(name: string, sources: readonly string[]): Promise<string> {
    const program = path.join(this.directory, name);
    const files = sources.map((source) => path.join(PEER_SOURCES, source));
    const { signal } = this;
    await run('gcc', ['-O3', '-o', program, ...files, '-pthread'], { timeoutMs: COMPILE_MS, signal });
    return program;
  }

  /** The command that runs a file of `measured/` in a Node of its own. */
  script(name: string, nodeOptions: readonly string[] = []): string[] {
    return [process.execPath, ...nodeOptions, path.join(MEASURED, `${name}.js`)];
  }

  /** Runs a measuring program and answers one number of what it printed. */
  measure(field: string, command: readonly string[]): Promise<number> {
    return measure(field, command, { timeoutMs: MEASURE_MS, signal: this.signal });
  }

  /** Runs a short command. `evenIfAborted` is for taking things away when the bench is broken off. */
  run(command: readonly string[], options: { evenIfAborted?: boolean } = {}): Promise<Outcome> {
    const signal = options.evenIfAborted === true ? new AbortController().signal : this.signal;
    return run(command[0], command.slice(1), { timeoutMs: COMMAND_MS, signal });
  }
}
