// Running other programs: quietly, with what they printed shown only when they fail.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './workspace.mjs';

/**
 * Settings that npm hands to its scripts, and that pnpm or a nested npm would take for its own. What says where
 * packages come from stays.
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentWithoutNpm() {
  const kept = /registry|proxy|cafile|_ca$|strict_ssl|userconfig|globalconfig|auth/i;
  return Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key) || (/^npm_config_/i.test(key) && kept.test(key))),
  );
}

/**
 * Runs a program to its end with no stdin. Signals sent to us are passed on to it.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, live?: boolean, notice?: string, noticeAfterMs?: number, limitMs?: number,
 *   showFailure?: boolean }} [options]
 *   `live` lets it print as it goes; `notice` is printed if it takes longer than `noticeAfterMs`;
 *   `limitMs` ends it; `showFailure: false` leaves the output to the caller even if it fails.
 * @returns {Promise<{ code: number, output: string }>} the exit code (128 + n after signal n) and what it printed
 */
export async function runQuietly(command, args, options = {}) {
  const { env = process.env, live = false, notice, noticeAfterMs = 2000, limitMs = 0, showFailure = true } = options;
  const windowsShell = process.platform === 'win32' && command !== process.execPath;
  const child = spawn(command, args, {
    cwd: root,
    env,
    shell: windowsShell,
    stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
  });
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));

  const timers = [];
  if (notice !== undefined) timers.push(setTimeout(() => console.error(`fairlead: ${notice}`), noticeAfterMs));
  if (limitMs > 0) timers.push(setTimeout(() => child.kill('SIGKILL'), limitMs));
  const passOn = /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']).map((signal) => {
    const handler = () => child.kill(signal);
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });

  try {
    const code = await new Promise((resolve) => {
      child.once('error', (error) => {
        chunks.push(Buffer.from(`${command}: ${error.message}\n`));
        resolve(127);
      });
      child.once('close', (status, signal) => resolve(signal === null ? status : 128 + constants.signals[signal]));
    });
    const output = Buffer.concat(chunks).toString();
    if (code !== 0 && !live && showFailure) process.stderr.write(output);
    return { code, output };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    for (const stop of passOn) stop();
  }
}
