import { spawn } from 'node:child_process';
import { environmentWithoutNpm } from '../../../scripts/process.mjs';

/** What became of a program: exit code, and all that it printed. */
interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No program here takes as long, even on a busy machine. */
const LIMIT_MS = 150_000;

/** Runs a program to its end, without a terminal, and outside of any npm script. */
function execute(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...environmentWithoutNpm(), CI: 'true', NO_COLOR: '1' };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? 1, ...said, stderr: said.stderr + (signal ?? '') }));
  });
}

/** Runs a program that must succeed; returns what it printed as its result. */
export async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await execute(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
  return stdout;
}
