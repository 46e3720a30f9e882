import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { FairleadError, isFairleadError } from '@fairlead/sdk';

/** `sun_path` of `struct sockaddr_un` has 108 bytes, the last a zero (unix(7)). */
const LONGEST_PATH_BYTES = 107;
const SUFFIX = '.sock';

/** The folder of this user's control sockets: below `XDG_RUNTIME_DIR` where there is one, else in the folder for temporary files. */
export function controlFolder(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  return runtime === '' ? join(tmpdir(), `fairlead-${userInfo().uid}`) : join(runtime, 'fairlead');
}

/** Where a host listens when it is not told: a name of its own for each process, so that hosts do not get in each other's way. */
export function controlPathFor(file: string, env: NodeJS.ProcessEnv = process.env): string {
  const stem = basename(file, extname(file))
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 24);
  return join(controlFolder(env), `${stem}.${process.pid}${SUFFIX}`);
}

/** The control sockets of this user on which a host listens. */
export async function liveControlPaths(env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const folder = controlFolder(env);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  } catch {
    return []; // no folder: no host has made one
  }
  const paths = names.sort().map((name) => join(folder, name));
  const live = await Promise.all(paths.map(isListenedOn));
  return paths.filter((_, i) => live[i]);
}

/**
 * Listens at `path`, where only this user may connect. What nobody listens on any more is replaced; the folder is made
 * when it is missing.
 * @throws FairleadError `FAIRLEAD_ERR_CONTROL_SOCKET` when the path is in use, is no socket, is too long, or its folder
 * belongs to somebody else.
 */
export async function listenAt(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    throw refusal(`the path is longer than ${LONGEST_PATH_BYTES} bytes`, path, 'name a shorter one with --control');
  try {
    prepareFolder(dirname(path));
    await makeWay(path);
    // Between bind and chmod the socket would have the mode that the umask leaves, so both hold it to its owner.
    const before = isMainThread ? process.umask(0o177) : 0;
    try {
      server.listen(path);
    } finally {
      if (isMainThread) process.umask(before);
    }
    await once(server, 'listening');
    chmodSync(path, 0o600);
  } catch (error) {
    if (isFairleadError(error)) throw error;
    const mend = 'name a path with --control in a folder that you may write to';
    throw refusal(`no socket can be made: ${(error as Error).message}`, path, mend, error);
  }
}

/** The folder for temporary files is everybody's: somebody else may have put something under our name there. */
function prepareFolder(folder: string): void {
  if (statOf(folder) === undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (folder !== controlFolder()) return; // a folder that the user names is the user's to judge
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw refusal('there is something else in the place of its folder', folder, 'remove it');
  if (stat.uid !== userInfo().uid)
    throw refusal('its folder belongs to another user', folder, 'name a path with --control, or set XDG_RUNTIME_DIR');
  if ((stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

async function makeWay(path: string): Promise<void> {
  const stat = statOf(path);
  if (stat === undefined) return;
  if (!stat.isSocket())
    throw refusal('there is something that is no socket; it was left alone', path, 'name another path');
  if (await isListenedOn(path))
    throw refusal('another host listens there', path, 'end that host, or name another path with --control');
  unlinkSync(path);
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function refusal(what: string, path: string, mend: string, cause?: unknown): FairleadError {
  const detail = { where: path, mend, ...(cause === undefined ? {} : { cause }) };
  return new FairleadError('FAIRLEAD_ERR_CONTROL_SOCKET', `the control socket cannot be opened: ${what}`, detail);
}
