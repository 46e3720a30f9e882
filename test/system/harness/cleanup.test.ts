import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../support/command.ts';
import { until, within } from '../support/deadline.ts';
import { NetworkLab } from '../support/namespaces.ts';
import { requireParts } from '../support/parts.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const parts = requireParts('cleaning up after system tests', [
  'root',
  'namespaces',
  'ip',
  'ethtool',
  'ping',
  'setpriv',
]);

const SUPPORT = new URL('../support/', import.meta.url);

/** Makes a network with a process in it, says so, and then fails or waits. */
const PROGRAM = `
  import { NetworkLab } from './namespaces.js';
  import { twoUplinks } from './uplinks.js';
  const lab = await NetworkLab.open();
  const { peer } = await twoUplinks(lab, '10.77.0.1/24');
  const started = await lab.start(peer.namespace, ['ping', '-q', '10.77.0.1']);
  console.log(started.pid);
  process.stdin.once('data', () => { throw new Error('a test failed'); });
`;

describe.skipIf(parts.skip)('a test process that ends before it has closed its network', () => {
  const directory = temporaryDirectory();

  beforeAll(() => {
    const compilerOptions = {
      module: ModuleKind.ESNext,
      target: ScriptTarget.ES2023,
      rewriteRelativeImportExtensions: true,
    };
    for (const name of readdirSync(SUPPORT)) {
      const { outputText } = transpileModule(readFileSync(new URL(name, SUPPORT), 'utf8'), { compilerOptions });
      writeFileSync(join(directory.path, name.replace(/ts$/, 'js')), outputText);
    }
    writeFileSync(join(directory.path, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(directory.path, 'program.js'), PROGRAM);
  });
  afterAll(() => directory.remove());

  /** Starts the program and waits for its network; answers the process and the id of the process in its network. */
  const start = async (): Promise<{ child: ChildProcess; pid: number; inner: number }> => {
    const child = spawn('node', [join(directory.path, 'program.js')], { stdio: ['pipe', 'pipe', 'ignore'] });
    const [said] = (await within(once(child.stdout, 'data'), 20_000, 'network')) as [Buffer];
    return { child, pid: child.pid as number, inner: Number(said.toString()) };
  };

  const left = async (pid: number): Promise<string[]> => {
    const names = `${await command(['ip', 'netns', 'list'])}\n${await command(['ip', '-o', 'link'])}`;
    return names.split('\n').filter((line) => line.includes(`fl${pid}-`));
  };

  const isGone = (pid: number) => () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };

  it.each(['SIGTERM', 'SIGINT'] as const)('leaves nothing behind after %s', async (signal) => {
    const { child, pid, inner } = await start();
    expect(await left(pid)).toHaveLength(4);
    child.kill(signal);
    expect((await once(child, 'exit'))[1]).toBe(signal);
    expect(await left(pid)).toEqual([]);
    await until(isGone(inner), 5_000, 'end of the process in the network');
  });

  it('leaves nothing behind after an error nobody caught', async () => {
    const { child, pid, inner } = await start();
    child.stdin?.write('fail\n');
    expect((await once(child, 'exit'))[0]).toBe(1);
    expect(await left(pid)).toEqual([]);
    await until(isGone(inner), 5_000, 'end of the process in the network');
  });

  it('has what it left deleted by the next test, when it was killed', async () => {
    const { child, pid, inner } = await start();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(isGone(inner), 5_000, 'end of the process in the network');
    expect(await left(pid)).toHaveLength(4);
    await (await NetworkLab.open()).close();
    expect(await left(pid)).toEqual([]);
  });
});
