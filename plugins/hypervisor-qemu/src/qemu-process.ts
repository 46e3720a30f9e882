import path from 'node:path';
import process from 'node:process';
import type { MachineFiles } from './machine-files.ts';
import { Obstacle } from './refusal.ts';

/** A socket that listens (`__SO_ACCEPTCON` of Linux, include/linux/net.h), in the fourth column of `/proc/net/unix`. */
const LISTENING = 0x10000;

/**
 * The process that listens on a unix socket. The kernel tells the peer's process only to those who can ask a socket
 * option (SO_PEERCRED), which Node cannot, and would name whoever bound it, as libvirt, not QEMU; what is open under
 * `/proc` names who has it now.
 *
 * With a `pid` that a pid file names it is looked whether it is that one: a file that is out of date may name anybody.
 *
 * @throws Error that says why there is none.
 */
export async function listenerOn(socket: string, files: MachineFiles, pid?: number): Promise<number> {
  const candidates = pid === undefined ? await processes(files) : [pid];
  const sockets = pid === undefined ? await listening('/proc/net/unix', socket, files) : undefined;
  const found: number[] = [];
  for (const candidate of candidates) {
    // A process in another network namespace has a table of its own.
    const here = sockets ?? (await listening(`/proc/${candidate}/net/unix`, socket, files));
    if (here.size > 0 && (await holds(candidate, here, socket, files))) found.push(candidate);
  }
  const [only] = found;
  if (only === undefined) {
    throw new Obstacle(
      pid === undefined ? `no process listens on ${socket}` : `process ${pid} does not listen on ${socket}`,
      'run Fairlead as root; name a pid file of a QEMU in another network namespace',
    );
  }
  if (found.length > 1)
    throw new Obstacle(`processes ${found.join(' and ')} listen on ${socket}`, 'name QEMU by its pid file');
  if (only === process.pid) throw new Obstacle(`${socket} is Fairlead's own`, 'name the socket of a QEMU');
  return only;
}

/** The number that a pid file holds. */
export async function pidIn(file: string, files: MachineFiles): Promise<number> {
  const text = (await files.read(file)).trim();
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new Obstacle(`${file} holds no process number`, 'name what -pidfile of QEMU writes');
  return Number(text);
}

async function processes(files: MachineFiles): Promise<number[]> {
  return (await files.list('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Inodes of sockets that listen, of that file name, each with the path as it was bound. */
async function listening(table: string, socket: string, files: MachineFiles): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const text = await files.read(table).catch(() => '');
  for (const line of text.split('\n')) {
    const [, flags = '', inode = '', bound = ''] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/.exec(line) ?? [];
    const listens = (Number.parseInt(flags, 16) & LISTENING) !== 0;
    if (listens && path.basename(bound) === path.basename(socket)) found.set(`socket:[${inode}]`, bound);
  }
  return found;
}

async function holds(
  pid: number,
  sockets: ReadonlyMap<string, string>,
  socket: string,
  files: MachineFiles,
): Promise<boolean> {
  const own = `/proc/${pid}`;
  for (const fd of await files.list(`${own}/fd`).catch(() => [])) {
    const bound = sockets.get(await files.link(`${own}/fd/${fd}`).catch(() => ''));
    if (bound === undefined) continue;
    const from = path.isAbsolute(bound) ? '/' : await files.link(`${own}/cwd`).catch(() => '/');
    if (path.resolve(from, bound) === path.resolve(socket)) return true;
  }
  return false;
}
