import { execFile } from 'node:child_process';

/** How a command ended. `status` is null when it was ended by a signal or never ran. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** After this long the command is killed. 10 s unless told. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end and says how it ended, also when it failed. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const [file, ...rest] = argv as [string, ...string[]];
  const timeout = options.timeoutMs ?? 10_000;
  return new Promise((resolve) => {
    execFile(file, rest, { timeout, killSignal: 'SIGKILL', maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve({ status: 0, stdout, stderr });
      if (error.killed === true)
        return resolve({ status: null, stdout, stderr: `${stderr}\nkilled after ${timeout} ms` });
      // `code` is the exit status, or a string such as ENOENT when the command could not be started.
      const status = typeof error.code === 'number' ? error.code : null;
      resolve({ status, stdout, stderr: stderr === '' ? error.message : stderr });
    });
  });
}

/**
 * Runs a command that must succeed, and answers its standard output.
 * @throws Error with the command, its status and what it said, when it fails or is too slow.
 */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await attempt(argv, options);
  if (outcome.status === 0) return outcome.stdout;
  const said = `${outcome.stderr}\n${outcome.stdout}`.trim();
  throw new Error(`"${argv.join(' ')}" ended with ${outcome.status ?? 'no status'}: ${said}`);
}
