import { existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ActionRecord, WrittenHostConfig } from '@fairlead/core';
import type { Background } from './background.ts';
import { until, within } from './deadline.ts';
import type { NetworkLab } from './namespaces.ts';

/** A line that `fairlead run --json` has printed. */
export interface RunLine {
  readonly type: string;
  readonly event?: string;
  readonly text?: string;
  readonly conserved?: boolean;
  /** When it came, by `performance.now()`. */
  readonly atMs: number;
}

const PROGRAM = fileURLToPath(new URL('../../../packages/cli/bin/fairlead.mjs', import.meta.url));

/** `fairlead run --json` in a namespace, with a configuration file and a control socket of its own. */
export class FairleadRun {
  readonly #process: Background;
  readonly #control: string;
  /** Everything that it has said, but for the figures of each second. */
  readonly lines: RunLine[] = [];

  private constructor(run: Background, control: string) {
    this.#process = run;
    this.#control = control;
    run.eachLine((line) => {
      if (!line.startsWith('{') || line.startsWith('{"type":"rates"')) return;
      this.lines.push({ ...(JSON.parse(line) as RunLine), atMs: performance.now() });
    });
  }

  /** Starts it; {@link ready} says when it runs, which may need its guests. */
  static async launch(
    lab: NetworkLab,
    namespace: string,
    directory: string,
    name: string,
    config: WrittenHostConfig,
  ): Promise<FairleadRun> {
    const file = join(directory, `${name}.yaml`);
    const control = join(directory, `${name}.control`);
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(config, null, 2));
    const argv = [process.execPath, PROGRAM, 'run', file, '--json', '--control', control];
    return new FairleadRun(await lab.start(namespace, argv, 'machine'), control);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Waits until a socket or file is there that it makes while it starts. */
  async made(path: string, timeoutMs = 60_000): Promise<void> {
    await this.#process.unlessEnded(until(() => existsSync(path), timeoutMs, `${path} of fairlead run`));
  }

  async ready(timeoutMs = 60_000): Promise<void> {
    await this.#process.unlessEnded(this.said(({ type }) => type === 'start', timeoutMs, 'start of fairlead run'));
  }

  /** Waits until a line fits that was said since `fromMs`, and answers it. */
  async said(fits: (line: RunLine) => boolean, timeoutMs: number, what: string, fromMs = 0): Promise<RunLine> {
    try {
      return await until(() => this.lines.find((line) => line.atMs >= fromMs && fits(line)), timeoutMs, what);
    } catch (error) {
      const said = this.#process.output.slice(-4_000);
      throw new Error(`${(error as Error).message}; it has said: ${said}`, { cause: error });
    }
  }

  /** Waits for an event whose text matches. */
  event(text: RegExp, timeoutMs: number, fromMs = 0): Promise<RunLine> {
    return this.said((line) => line.type === 'event' && text.test(line.text ?? ''), timeoutMs, `${text}`, fromMs);
  }

  /**
   * Asks it by its control socket, as the other commands do.
   * @throws Error with its answer, when it refuses.
   */
  async ask<T>(command: string, args: object = {}): Promise<T> {
    const socket = createConnection(this.#control);
    const answered = new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      createInterface({ input: socket }).once('line', resolve);
      socket.write(`${JSON.stringify({ version: 1, command, args })}\n`);
    });
    try {
      const line = await this.#process.unlessEnded(within(answered, 20_000, `answer to ${command}`));
      const { ok, result, error } = JSON.parse(line) as { ok: boolean; result: T; error?: unknown };
      if (!ok) throw new Error(`${command}: ${JSON.stringify(error)}`);
      return result;
    } finally {
      socket.destroy();
    }
  }

  /** What its responders have done to a VM, the oldest first: what stands and what does not. */
  async actions(vm: string): Promise<readonly ActionRecord[]> {
    const { actions } = await this.ask<{ actions: readonly ActionRecord[] }>('action.list', { vm, history: true });
    return actions.filter(({ state }) => state !== 'withheld');
  }

  /** Ends it, and answers its last words: where every frame went. */
  async end(): Promise<RunLine> {
    await this.#process.stop(20_000);
    return this.said(({ type }) => type === 'end', 5_000, 'last words of fairlead run');
  }

  /** Ends it as a crash does. */
  kill(): Promise<void> {
    return this.#process.kill();
  }
}
