import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeHost, Host } from '@fairlead/core';
import { isFairleadError } from '@fairlead/sdk';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openControl } from '../src/control/server.ts';
import { createProgram } from '../src/program.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-cluster-'));
const control = join(folder, 'c.sock');
afterAll(() => rmSync(folder, { recursive: true }));
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

let clusters = 0;

/** Two hosts on virtual clocks; the first one answers at the socket. */
async function controlled(): Promise<void> {
  const registry = `cli ${++clusters}`;
  for (const name of ['a', 'b']) {
    const composition = await composeHost(
      {
        name,
        nics: [{ name: 'up0', driver: { use: 'memory' } }],
        vms: [{ name: 'web', mac: '52:54:00:00:00:01', device: { use: 'memory' }, start: name === 'a' }],
        hypervisor: { use: 'simulated', options: { host: `${registry} ${name}` } },
        registry: { use: 'embedded', options: { name: registry } },
        runtime: { kind: 'inline' },
      },
      { bases: [import.meta.url] },
    );
    const host = await new Host(composition).start();
    endings.push(() => host.close());
    if (name !== 'a') continue;
    const socket = await openControl(control, { host, composition, name: 'host.yaml' });
    endings.push(() => socket.close());
  }
}

/** What a command line prints, and its exit code. */
async function fairlead(...args: string[]): Promise<[number, string[]]> {
  const output = new WrittenLines();
  const codes: number[] = [];
  const program = createProgram(output, undefined, (code) => codes.push(code));
  await program.parseAsync([...args, '--control', control], { from: 'user' });
  return [codes[0] as number, output.printed.map((line) => line.replaceAll(/ {2,}/g, '  ').trimEnd())];
}

describe('fairlead, of the hosts beside a running one', () => {
  it('lists them with their room and load', async () => {
    await controlled();
    expect(await fairlead('hosts')).toEqual([0, ['host  room  load', 'a  1.00G  0%  this one', 'b  1.00G  0%']]);
    const [, [json]] = await fairlead('hosts', '--json');
    expect(JSON.parse(json as string)).toMatchObject({ version: 1, self: 'a', hosts: [{ name: 'a' }, { name: 'b' }] });
  });

  it('migrates a VM to the host that suits best, and remembers it', async () => {
    await controlled();
    expect(await fairlead('migrations')).toEqual([0, ['no VM was migrated']]);
    expect(await fairlead('vm', 'migrate', 'web', '--cause', 'maintenance')).toEqual([
      0,
      ['VM web: a -> b done, away for 0 ms'],
    ]);
    const [, [json]] = await fairlead('migrations', '--json');
    expect(JSON.parse(json as string)).toMatchObject({
      version: 1,
      migrations: [{ vm: 'web', from: 'a', to: 'b', state: 'done', cause: 'maintenance', by: 'operator' }],
    });
  });

  it('says why a VM is where it was', async () => {
    await controlled();
    const failed = await fairlead('vm', 'migrate', 'web', '--to', 'nowhere').catch((error: unknown) => error);
    expect(isFairleadError(failed) && failed.code).toBe('FAIRLEAD_ERR_MIGRATION');
    const [, lines] = await fairlead('migrations');
    expect(lines[0]).toContain('VM web: a -> nowhere refused');
  });
});
