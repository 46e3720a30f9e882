import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { composeHost, Host } from '@fairlead/core';
import { isFairleadError } from '@fairlead/sdk';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../src/commands/status.ts';
import { ask } from '../src/control/client.ts';
import { LineReader } from '../src/control/line-reader.ts';
import { controlFolder, controlPathFor } from '../src/control/place.ts';
import { type ControlAnswer, MAX_REQUEST_BYTES } from '../src/control/protocol.ts';
import { openControl } from '../src/control/server.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-control-'));
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
beforeEach(() => mkdirSync(folder, { recursive: true }));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function controlledHost(path = join(folder, 'a.sock')) {
  const composition = await composeHost(
    {
      nics: [{ name: 'up0', driver: { use: 'memory' } }],
      vms: [{ name: 'a', mac: '52:54:00:00:00:01', device: { use: 'memory' } }],
      runtime: { kind: 'inline' },
    },
    { bases: [import.meta.url] },
  );
  const host = await new Host(composition).start();
  endings.push(() => host.close());
  const control = await openControl(path, { host, composition, name: 'host.yaml' });
  endings.push(() => control.close());
  return { host, control };
}

/** A client that says what it likes and hears answers. */
async function client(path = join(folder, 'a.sock')): Promise<{ socket: Socket; next: () => Promise<ControlAnswer> }> {
  const socket = connect(path);
  await once(socket, 'connect');
  endings.push(() => socket.destroy());
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return { socket, next: async () => JSON.parse(String((await lines.next()).value)) as ControlAnswer };
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return isFairleadError(error) ? error.code : String(error);
  }
};

describe('the control socket', () => {
  it('answers what a running host is, and is gone when the host has ended', async () => {
    const { control } = await controlledHost(join(folder, 'made', 'b.sock'));
    const answer = await ask(control.path, 'status');
    expect(answer).toMatchObject({ file: 'host.yaml', admission: 'admit-all', distribution: 'first-available' });
    await control.close();
    endings.pop();
    expect(existsSync(control.path)).toBe(false);
    expect(await codeOf(ask(control.path, 'status'))).toBe('FAIRLEAD_ERR_CONTROL_REACH');
  });

  it('may be opened by its owner alone', async () => {
    const { control } = await controlledHost(join(folder, 'made', 'b.sock'));
    expect(statSync(control.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'made')).mode & 0o777).toBe(0o700);
  });

  it('replaces one that nobody listens on, and refuses one that somebody does', async () => {
    await controlledHost();
    expect(await codeOf(controlledHost())).toBe('FAIRLEAD_ERR_CONTROL_SOCKET');
    const stale = join(folder, 'stale.sock');
    const dead = createServer().listen(stale);
    await once(dead, 'listening');
    // A copy of the name stays when the server removes its own: as after a process that was killed.
    const kept = join(folder, 'kept.sock');
    linkSync(stale, kept);
    await new Promise((resolve) => dead.close(resolve));
    const { control } = await controlledHost(kept);
    expect(await ask(control.path, 'status')).toMatchObject({ file: 'host.yaml' });
  });

  it('leaves alone what is no socket, and refuses a path that no socket can have', async () => {
    const file = join(folder, 'file');
    await controlledHost();
    writeFileSync(file, 'mine');
    expect(await codeOf(controlledHost(file))).toBe('FAIRLEAD_ERR_CONTROL_SOCKET');
    expect(statSync(file).size).toBe(4);
    expect(await codeOf(controlledHost(join(folder, 'x'.repeat(120))))).toBe('FAIRLEAD_ERR_CONTROL_SOCKET');
  });

  it.each([
    ['{', 'the request is no JSON'],
    ['[1]', 'the request is no JSON object'],
    ['{"version":2,"command":"status"}', 'the request is of version 2, this host has 1'],
    ['{"version":1}', 'the request names no command'],
    ['{"version":1,"command":"status","args":[]}', 'the arguments of the request are no object'],
    ['{"version":1,"command":"statsu"}', 'there is no command "statsu"'],
    ['{"version":1,"command":"status","args":{"loud":true}}', 'there is no "loud" here'],
  ])('answers %s with what is wrong, and goes on', async (line, what) => {
    await controlledHost();
    const { socket, next } = await client();
    socket.write(`${line}\n{"version":1,"command":"status"}\n`);
    expect(await next()).toMatchObject({
      version: 1,
      ok: false,
      error: { code: 'FAIRLEAD_ERR_CONTROL_REQUEST', what },
    });
    expect(await next()).toMatchObject({ version: 1, ok: true });
  });

  it('refuses a request that is too long without keeping it, and hears the next one', async () => {
    await controlledHost();
    const { socket, next } = await client();
    socket.write(`${'x'.repeat(3 * MAX_REQUEST_BYTES)}\n{"version":1,"command":"status"}\n`);
    expect(await next()).toMatchObject({ ok: false, error: { what: expect.stringContaining('65536') as string } });
    expect(await next()).toMatchObject({ ok: true });
  });

  it('turns a client away when there are too many, and serves the others', async () => {
    await controlledHost();
    const sixteen = await Promise.all(Array.from({ length: 16 }, () => client()));
    const { next } = await client();
    expect(await next()).toMatchObject({ ok: false, error: { what: 'too many clients at once' } });
    const [first] = sixteen as [Awaited<ReturnType<typeof client>>];
    first.socket.write('{"version":1,"command":"status"}\n');
    expect(await first.next()).toMatchObject({ ok: true });
  });

  it('puts out a client that asks without end and never waits for an answer', async () => {
    await controlledHost();
    const { socket } = await client();
    socket.on('error', () => undefined);
    socket.write('{"version":1,"command":"status"}\n'.repeat(1000));
    await once(socket, 'close');
    expect(await ask(join(folder, 'a.sock'), 'status')).toMatchObject({ file: 'host.yaml' });
  });

  it('outlives a client that breaks off in the middle of a request', async () => {
    await controlledHost();
    const { socket } = await client();
    socket.write('{"version":1,');
    socket.destroy();
    await once(socket, 'close');
    expect(await ask(join(folder, 'a.sock'), 'status')).toMatchObject({ file: 'host.yaml' });
  });
});

describe('the place of the control socket', () => {
  it('is below XDG_RUNTIME_DIR, else in a folder of the user’s own', () => {
    expect(controlFolder({ XDG_RUNTIME_DIR: '/run/user/7' })).toBe('/run/user/7/fairlead');
    expect(controlFolder({})).toBe(join(tmpdir(), `fairlead-${process.getuid?.()}`));
    expect(controlPathFor('conf/my host.yaml', { XDG_RUNTIME_DIR: '/run' })).toBe(
      `/run/fairlead/my_host.${process.pid}.sock`,
    );
  });
});

describe('fairlead status', () => {
  it('shows a running host', async () => {
    await controlledHost();
    const output = new WrittenLines();
    expect(await status({ control: join(folder, 'a.sock') }, output)).toBe(0);
    expect(output.printed[0]).toBe(`host.yaml: process ${process.pid}, up 0 s, 1 worker`);
    expect(output.printed).toContain('a                    running           0           0');
  });

  it('prints one object of a version for programs', async () => {
    await controlledHost();
    const output = new WrittenLines();
    await status({ control: join(folder, 'a.sock'), json: true }, output);
    expect(output.objects).toMatchObject([{ version: 1, vms: [{ name: 'a', state: 'running' }] }]);
  });
});

describe('LineReader', () => {
  it('finds the same lines however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,20}$/)), fc.array(fc.nat({ max: 30 })), (lines, cuts) => {
        const stream = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const heard: string[] = [];
        const reader = new LineReader(
          10,
          (line) => heard.push(line),
          () => heard.push('too long'),
        );
        let at = 0;
        for (const cut of cuts) {
          reader.push(stream.subarray(at, at + cut));
          at += cut;
        }
        reader.push(stream.subarray(at));
        expect(heard).toEqual(lines.map((line) => (line.length > 10 ? 'too long' : line)));
      }),
    );
  });
});
