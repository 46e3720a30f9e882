import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { composeHost, Host } from '@fairlead/core';
import { expect, it, onTestFinished } from 'vitest';
import { openControl } from '../../packages/cli/src/control/server.ts';

interface Answer {
  readonly ok: boolean;
  readonly error?: { readonly code: string };
}

/** A running host and one client at its control socket, which may say what it likes. */
async function session(): Promise<{ host: Host; say: (line: string | Uint8Array) => Promise<Answer> }> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-peers-'));
  const composition = await composeHost(
    {
      nics: [{ name: 'up0', driver: { use: 'memory' } }],
      vms: [{ name: 'a', mac: '52:54:00:00:00:0a', device: { use: 'memory' } }],
      runtime: { kind: 'inline' },
    },
    { bases: [import.meta.url] },
  );
  const host = await new Host(composition).start();
  const control = await openControl(join(folder, 'host.sock'), { host, composition, name: 'host.yaml' });
  const socket = connect(control.path);
  await once(socket, 'connect');
  onTestFinished(async () => {
    socket.destroy();
    await control.close();
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const say = async (line: string | Uint8Array): Promise<Answer> => {
    socket.write(line);
    socket.write('\n');
    return JSON.parse(String((await lines.next()).value)) as Answer;
  };
  return { host, say };
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
    const { host, say } = await session();
    expect(await say(STATUS)).toMatchObject({ ok: true });
    expect(await say(line)).toMatchObject({ ok: false, error: { code: 'FAIRLEAD_ERR_CONTROL_REQUEST' } });
    expect(await say(STATUS)).toMatchObject({ ok: true, result: { file: 'host.yaml' } });
    host.assertConserved();
  },
);
