import { once } from 'node:events';
import { chmod, lstat, rename, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { FairleadError, isFairleadError } from '@fairlead/sdk';

/** `sun_path` of `struct sockaddr_un` has 108 bytes, the last a zero (unix(7)); one is for the name of the draft. */
const LONGEST_PATH_BYTES = 106;

/**
 * Listens on a socket at `path` that only this user, and root, may connect to. One that nobody listens on any more is
 * replaced. The socket is made under another name and moved: it is never there with a wider mode, and when the server
 * closes Node removes that other name, not whatever may by then be at `path`.
 * @throws FairleadError `FAIRLEAD_ERR_DEVICE_OPEN` when the path is too long, is no socket, is in use, or cannot be written.
 */
export async function listenOn(server: Server, path: string, where: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) {
    throw refusal(
      `the socket path "${path}" is longer than ${LONGEST_PATH_BYTES} bytes`,
      where,
      'choose a shorter one, as /run/fairlead/vm1.sock',
    );
  }
  const draft = `${path}~`;
  try {
    await makeWay(path, where);
    await makeWay(draft, where);
    server.listen(draft);
    await once(server, 'listening');
    await chmod(draft, 0o600);
    await rename(draft, path);
  } catch (error) {
    if (isFairleadError(error)) throw error;
    throw refusal(
      `no socket can be made at "${path}"`,
      where,
      'make its directory, and give this user the right to write there',
      error,
    );
  }
}

/** Removes the socket at `path`; anything else that came to be there stays. */
export async function removeSocket(path: string): Promise<void> {
  if ((await kindOf(path)) === 'socket') await unlink(path);
}

async function makeWay(path: string, where: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === 'nothing') return;
  if (kind === 'other') {
    throw refusal(
      `"${path}" exists and is not a socket; it was left alone`,
      where,
      'choose another path, or remove what is there',
    );
  }
  if (await isListenedOn(path)) {
    throw refusal(`another process listens on "${path}"`, where, 'end it, or give this device a path of its own');
  }
  await unlink(path);
}

function refusal(what: string, where: string, mend: string, cause?: unknown): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_DEVICE_OPEN', what, { where, mend, cause });
}

async function kindOf(path: string): Promise<'nothing' | 'socket' | 'other'> {
  try {
    return (await lstat(path)).isSocket() ? 'socket' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing';
    throw error;
  }
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
