import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

interface Answer {
  readonly ok: boolean;
  readonly error?: { readonly code: string };
}

const FAIRLEAD = fileURLToPath(new URL('../../packages/cli/bin/fairlead.mjs', import.meta.url));
const HOST = {
  nics: [{ name: 'up0', driver: { use: 'memory' } }],
  vms: [{ name: 'a', mac: '52:54:00:00:00:0a', device: { use: 'memory', options: { traffic: { rateBps: '1Mbps' } } } }],
};

/** A host that the command runs, what it prints, and the one client of this whole file at its control socket. */
const folder = mkdtempSync(join(tmpdir(), 'fairlead-peers-'));
let host: ChildProcess;
let told: AsyncIterator<string>;
let socket: Socket;
let answers: AsyncIterator<string>;

beforeAll(async () => {
  const file = join(folder, 'host.json');
  const path = join(folder, 'host.sock');
  writeFileSync(file, JSON.stringify(HOST));
  host = spawn(process.execPath, [FAIRLEAD, 'run', file, '--json', '--control', path], {
    stdio: ['ignore', 'pipe', 2],
  });
  told = createInterface({ input: host.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  await told.next(); // once it has said what it runs it listens
  socket = connect(path);
  await once(socket, 'connect');
  answers = createInterface({ input: socket })[Symbol.asyncIterator]();
});

afterAll(() => {
  socket.destroy();
  host.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function say(line: string | Uint8Array): Promise<Answer> {
  socket.write(line);
  socket.write('\n');
  return JSON.parse(String((await answers.next()).value)) as Answer;
}

const STATUS = '{"version":1,"command":"status"}';

it.each([
  ['braces that do not match', '{]'],
  ['a byte that is no UTF-8', Uint8Array.of(0xff)],
  ['a control character', Uint8Array.of(0x01)],
  ['a control character within a string', '{"version":1,"command":"sta\u0001tus"}'],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['a list', '[]'],
  ['a number', '1e999'],
  ['a key too many', '{"version":1,"command":"status","extra":1}'],
  ['an argument too many', '{"version":1,"command":"status","args":{"extra":1}}'],
  ['a command that there is not', '{"version":1,"command":"qmp_capabilities"}'],
  ['a request of another version, the nearest there is to one before the handshake', '{"command":"status"}'],
])(
  'case 44: QEMU qmp-test, %s at the control socket is answered with an error, and the session goes on',
  async (_name, line) => {
    expect(await say(STATUS)).toMatchObject({ ok: true });
    expect(await say(line)).toMatchObject({ ok: false, error: { code: 'FAIRLEAD_ERR_CONTROL_REQUEST' } });
    expect(await say(STATUS)).toMatchObject({ ok: true, result: { file: expect.stringContaining('host.json') } });
  },
);

it('case 44: and the host has lost no frame by all this when it ends', async () => {
  host.kill('SIGINT');
  let last = '';
  for (let line = await told.next(); line.done !== true; line = await told.next()) last = line.value;
  expect(JSON.parse(last)).toMatchObject({ type: 'end', conserved: true });
});
