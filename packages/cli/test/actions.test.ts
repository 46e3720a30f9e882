import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeHost, Host } from '@fairlead/core';
import type { MemoryNic } from '@fairlead/nic-driver-memory';
import { isFairleadError } from '@fairlead/sdk';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openControl } from '../src/control/server.ts';
import { createProgram } from '../src/program.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-actions-'));
const control = join(folder, 'c.sock');
afterAll(() => rmSync(folder, { recursive: true }));
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A host of two VMs that are policed, and one of them suspended, while up1 is down. */
async function controlled(): Promise<Host> {
  const rateLimit = { use: 'rate-limit', options: { inboundBps: '1Mbps' } };
  const composition = await composeHost(
    {
      nics: ['up0', 'up1'].map((name) => ({ name, driver: { use: 'memory' } })),
      vms: ['web', 'db'].map((name, i) => ({ name, mac: `52:54:00:00:00:0${i + 1}`, device: { use: 'memory' } })),
      signals: [
        { on: 'nic-down', vms: ['web', 'db'], responders: [rateLimit] },
        { on: 'nic-down', vms: ['web'], responders: [{ use: 'migrate' }, { use: 'suspend' }] },
      ],
      runtime: { kind: 'inline' },
      announce: { count: 0 },
    },
    { bases: [import.meta.url] },
  );
  const host = await new Host(composition).start();
  endings.push(() => host.close());
  const socket = await openControl(control, { host, composition, name: 'host.yaml' });
  endings.push(() => socket.close());
  await pass(host, 10);
  host.nics.driver<MemoryNic>('up1').setLink(false);
  await pass(host, 20);
  return host;
}

async function pass(host: Host, ms: number): Promise<void> {
  for (let done = 0; done < ms; done++) {
    host.run(1000);
    await host.signals.idle();
  }
}

/** What a command line prints. */
async function fairlead(...args: string[]): Promise<string[]> {
  const output = new WrittenLines();
  const codes: number[] = [];
  const program = createProgram(output, undefined, (code) => codes.push(code));
  await program.parseAsync([...args, '--control', control], { from: 'user' });
  expect(codes).toEqual([0]);
  return output.printed.map((line) => line.replaceAll(/ {2,}/g, '  ').trimEnd());
}

const refusalOf = async (...args: string[]): Promise<unknown> => {
  const error = await fairlead(...args).catch((thrown: unknown) => thrown);
  return isFairleadError(error) ? [error.code, error.what] : error;
};

describe('fairlead actions', () => {
  it('lists what stands: what, to whom, until when, why, on what evidence, and what was not done', async () => {
    await controlled();
    const lines = await fairlead('actions');
    expect(lines.filter((line) => /^\d/.test(line)).map((line) => line.replace(/since.*/, ''))).toEqual([
      '1  standing  rate-limit web  ',
      '2  standing  suspend web  ',
      '3  standing  rate-limit db  ',
    ]);
    expect(lines.slice(4, 8)).toEqual([
      expect.stringMatching(/^2 {2}standing {2}suspend web {2}since 0\.0\d\d s, for another 29\.9\d\d s$/),
      '  why  nic-down of the VM, with confidence 1 (suspend, signals[1])',
      expect.stringMatching(/^ {2}signal {2}nic-down at 0\.0\d\d s, confidence 1, nic up1, carrier 0$/),
      '  not done  migrate: this host knows no others',
    ]);
  });

  it('as JSON with a version, and of one VM alone', async () => {
    await controlled();
    const [line] = await fairlead('actions', '--vm', 'db', '--json');
    expect(JSON.parse(line as string)).toMatchObject({
      version: 1,
      actions: [{ id: 3, vm: 'db', action: 'rate-limit', state: 'standing', signal: { kind: 'nic-down', nic: 1 } }],
    });
    expect(await refusalOf('actions', '--vm', 'wbe')).toEqual(['FAIRLEAD_ERR_UNKNOWN_VM', 'there is no VM "wbe"']);
  });

  it('says so when none stands, and lists with --history what has ended', async () => {
    const host = await controlled();
    host.nics.driver<MemoryNic>('up1').setLink(true);
    await pass(host, 20);
    expect(await fairlead('actions')).toEqual(['no action stands']);
    const heads = (await fairlead('actions', '--history')).filter((line) => /^\d/.test(line));
    expect(heads.map((line) => line.replace(/from.*/, ''))).toEqual([
      '1  over  rate-limit web  ',
      '2  over  suspend web  ',
      '3  over  rate-limit db  ',
    ]);
  });
});

describe('fairlead undo', () => {
  it('takes one action back, and its chain leaves the VM alone', async () => {
    const host = await controlled();
    const [head] = await fairlead('undo', '2');
    expect(head).toMatch(/^2 {2}undone {2}suspend web {2}from /);
    await pass(host, 50);
    expect(host.vms.status('web').state).toBe('running');
    expect(host.signals.actions().map(({ id }) => id)).toEqual([1, 3]);
  });

  it('takes back all, or all of one VM', async () => {
    const host = await controlled();
    await fairlead('undo', '--all', '--vm', 'web');
    expect(host.signals.actions().map(({ id }) => id)).toEqual([3]);
    expect(host.arena.vms.policedInboundBps[0]).toBe(0);
    const [line] = await fairlead('undo', '--all', '--json');
    expect(JSON.parse(line as string)).toMatchObject({ version: 1, actions: [{ id: 3, state: 'undone' }] });
    expect(await fairlead('undo', '--all')).toEqual(['there was nothing to undo']);
  });

  it.each([
    [['undo'], 'FAIRLEAD_ERR_CONTROL_REQUEST'],
    [['undo', '1', '--all'], 'FAIRLEAD_ERR_CONTROL_REQUEST'],
    [['undo', '1', '--vm', 'web'], 'FAIRLEAD_ERR_CONTROL_REQUEST'],
    [['undo', 'web'], 'FAIRLEAD_ERR_CONTROL_REQUEST'],
    [['undo', '99'], 'FAIRLEAD_ERR_UNKNOWN_ACTION'],
    [['undo', '--all', '--vm', 'wbe'], 'FAIRLEAD_ERR_UNKNOWN_VM'],
  ])('refuses %j with %s', async (args, code) => {
    await controlled();
    expect(await refusalOf(...args)).toEqual([code, expect.any(String)]);
  });
});
