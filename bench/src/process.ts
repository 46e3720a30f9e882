import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { searched } from './parts.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end.
 * @throws Error when it fails, is aborted or takes longer than `timeoutMs`; it names the command and what it printed.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<Outcome> {
  const { timeoutMs, signal } = options;
  const child = spawn(command, args, {
    env: searched(),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null];
    if (code === 0) return { stdout, stderr };
    const how = killedBy === null ? `ended with ${code}` : `was ended by ${killedBy} (its time: ${timeoutMs} ms)`;
    throw new Error(`${[command, ...args].join(' ')} ${how}\n${stderr}${stdout}`.trim());
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a measuring program and answers one number of the JSON object on its last line of output.
 * @throws Error when it fails or prints no such number.
 */
export async function measure(
  field: string,
  command: readonly string[],
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<number> {
  const { stdout, stderr } = await run(command[0], command.slice(1), options);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const value: unknown = (JSON.parse(last) as Record<string, unknown>)[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Error(`${command.join(' ')} printed no ${field}\n${stderr}${stdout}`.trim());
  }
  return value;
}

/** A process that runs in the background until it is ended. */
export interface Background {
  /** Ends it, by its own process id, and waits until it is gone. */
  end(): Promise<void>;
}

/**
 * Starts a process that stays. When `ready` is given, waits until that has appeared in what it prints.
 * @throws Error when it ends before, or is not ready within `timeoutMs`.
 */
export async function background(command: readonly string[], timeoutMs: number, ready?: string): Promise<Background> {
  const child = spawn(command[0], command.slice(1), { env: searched(), stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(hard);
  };
  try {
    await started(child, timeoutMs, ready, (text) => (printed += text));
  } catch (cause) {
    await end();
    throw new Error(`${command.join(' ')} did not start\n${printed}`.trim(), { cause });
  }
  return { end };
}

function started(
  child: ChildProcess,
  timeoutMs: number,
  ready: string | undefined,
  heard: (text: string) => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${timeoutMs} ms`)), timeoutMs);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      then();
    };
    const listen = (text: string): void => {
      const all = heard(text);
      if (ready !== undefined && all.includes(ready)) settle(resolve);
    };
    child.stdout?.setEncoding('utf8').on('data', listen);
    child.stderr?.setEncoding('utf8').on('data', listen);
    child.once('error', (cause) => settle(() => reject(cause)));
    child.once('close', () => settle(() => reject(new Error('it ended'))));
    if (ready === undefined) child.once('spawn', () => settle(resolve));
  });
}
