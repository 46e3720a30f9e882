import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeHost, Host } from '@fairlead/core';
import type { MemoryNic } from '@fairlead/nic-driver-memory';
import { isFairleadError, nicColumns, vmColumns } from '@fairlead/sdk';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openControl } from '../src/control/server.ts';
import { createProgram } from '../src/program.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-team-'));
const control = join(folder, 'c.sock');
afterAll(() => rmSync(folder, { recursive: true }));
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A host on the virtual clock, with a team of two active NICs and a standby, that answers at the socket. */
async function controlled(): Promise<Host> {
  const traffic = { rateBps: '20Mbps', frameBytes: '1000B' };
  const composition = await composeHost(
    {
      nics: ['up0', 'up1', 'up2'].map((name) => ({ name, driver: { use: 'memory' } })),
      vms: ['web', 'db'].map((name, i) => ({
        name,
        mac: `52:54:00:00:00:0${i + 1}`,
        device: { use: 'memory', options: { traffic } },
      })),
      teams: [{ name: 'uplinks', active: ['up0', 'up1'], standby: ['up2'] }],
      distribution: { use: 'round-robin' },
      runtime: { kind: 'inline' },
      announce: { count: 0 },
    },
    { bases: [import.meta.url] },
  );
  const host = await new Host(composition).start();
  endings.push(() => host.close());
  const socket = await openControl(control, { host, composition, name: 'host.yaml' });
  endings.push(() => socket.close());
  return host;
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

const objectOf = async (...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await fairlead(...args, '--json'))[0] as string) as Record<string, unknown>;

const refusalOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await promise.catch((thrown: unknown) => thrown);
  return isFairleadError(error) ? [error.code, error.what] : error;
};

describe('fairlead team', () => {
  it('list and show say who serves', async () => {
    await controlled();
    expect(await fairlead('team', 'list')).toEqual([
      'team  first  serving  waiting  VMs',
      'uplinks  up0  up0, up1  up2  2',
    ]);
    expect(await fairlead('team', 'show', 'uplinks')).toEqual([
      'team uplinks',
      '  first  up0',
      '  serving  up0, up1',
      '  waiting  up2',
      '  active  up0, up1',
      '  standby  up2',
      '  unused  –',
      '  primary  –',
      '  VMs  web, db',
    ]);
  });

  it('set-active puts a member first, and refuses one that does not serve', async () => {
    await controlled();
    expect(await fairlead('team', 'set-active', 'uplinks', 'up1')).toContain('  serving  up1, up0');
    expect(await refusalOf(fairlead('team', 'set-active', 'uplinks', 'up2'))).toEqual([
      'FAIRLEAD_ERR_HOST_STATE',
      'NIC "up2" does not serve team "uplinks" now',
    ]);
  });

  it('edit changes order and rules while frames go, and loses none', async () => {
    const host = await controlled();
    host.run(10_000);
    const edit = ['--active', 'up2,up0', '--standby', 'up1', '--primary', 'up2', '--reselect', 'better'];
    const told = await objectOf('team', 'edit', 'uplinks', ...edit, '--hold-down', '5s', '--min-links', '1');
    host.run(10_000);
    expect(told).toMatchObject({
      version: 1,
      team: { active: ['up2', 'up0'], standby: ['up1'], primary: 'up2', serving: ['up2', 'up0'] },
    });
    expect((await objectOf('team', 'edit', 'uplinks', '--primary', 'none'))['team']).not.toHaveProperty('primary');
    expect(host.nics.status('up2').txFrames).toBeGreaterThan(0);
    host.assertConserved();
  });

  it('migrate puts a VM on one member, and --release gives it back', async () => {
    const host = await controlled();
    expect(await fairlead('team', 'migrate', 'uplinks', 'web', 'up1')).toEqual([
      'VM web goes over up1 until that stops serving, or fairlead team migrate --release',
    ]);
    expect((await fairlead('vm', 'show'))[1]).toMatch(/^web .* up1, where the operator has put it$/);
    const released = await fairlead('team', 'migrate', 'uplinks', 'web', '--release');
    expect(released).toEqual(['VM web: load distribution chooses its NIC']);
    expect(host.teams.pinOf('web')).toBeUndefined();
  });

  it.each([
    [
      ['uplinks', 'web'],
      ['FAIRLEAD_ERR_CONTROL_REQUEST', 'a NIC or --release is needed, not both'],
    ],
    [
      ['uplinks', 'web', 'up1', '--release'],
      ['FAIRLEAD_ERR_CONTROL_REQUEST', 'a NIC or --release is needed, not both'],
    ],
    [
      ['uplinks', 'ftp', 'up1'],
      ['FAIRLEAD_ERR_UNKNOWN_VM', 'there is no VM "ftp"'],
    ],
    [
      ['downlinks', 'web', 'up1'],
      ['FAIRLEAD_ERR_UNKNOWN_TEAM', 'there is no team "downlinks"'],
    ],
    [
      ['uplinks', 'web', 'up9'],
      ['FAIRLEAD_ERR_UNKNOWN_NIC', 'team "uplinks" has no member "up9"'],
    ],
  ])('migrate %j is refused', async (args, refusal) => {
    await controlled();
    expect(await refusalOf(fairlead('team', 'migrate', ...args))).toEqual(refusal);
  });

  it('moves lists what has moved, of teams and of VMs, with the cause', async () => {
    const host = await controlled();
    host.run(1000);
    await fairlead('team', 'migrate', 'uplinks', 'web', 'up1');
    host.nics.driver<MemoryNic>('up1').setLink(false);
    host.run(20_000);
    expect((await fairlead('team', 'moves')).map((line) => line.trim())).toEqual([
      'when  team  what  from  to  cause',
      '0.001000 s  uplinks  web  up0, up1  up1  migrated by the operator',
      '0.010000 s  uplinks  web  up1  up0, up2  up1: link down',
      '0.010000 s  uplinks  all  up0, up1  up0, up2  up1: link down',
    ]);
    expect((await objectOf('team', 'moves', 'uplinks'))['moves']).toEqual(host.teams.moves);
  });

  it('moves lists what load distribution has moved, too', async () => {
    const host = await controlled();
    await host.swap('distribution', { use: 'flow-hash' });
    host.run(5000);
    host.nics.driver<MemoryNic>('up1').setLink(false);
    host.run(20_000);
    expect((await fairlead('team', 'moves')).map((line) => line.trim().replace(/^[\d.]+ s/, ''))).toEqual([
      'when  team  what  from  to  cause',
      '  uplinks  all  up0, up1  up0, up2  up1: link down',
      '  uplinks  42 buckets  up0  up2  flow-hash: it has its part of them',
      '  uplinks  42 buckets  up1  up0  flow-hash: theirs is not available',
      '  uplinks  86 buckets  up1  up2  flow-hash: theirs is not available',
    ]);
    expect((await objectOf('team', 'moves', 'uplinks'))['moves']).toEqual(host.teams.moves);
  });

  it('the socket is open to its owner alone', async () => {
    await controlled();
    expect(statSync(control).mode & 0o777).toBe(0o600);
  });
});

describe('fairlead nic show', () => {
  it('says why a NIC is down, and what its counters are', async () => {
    const host = await controlled();
    host.run(10_000);
    host.nics.driver<MemoryNic>('up0').setLink(false);
    host.nics.setAdmin('up1', false);
    host.run(20_000);
    const table = await fairlead('nic', 'show');
    expect(table.map((line) => line.split('  ').at(-1))).toEqual([
      'about it',
      'no link',
      'disabled by the operator',
      'serves uplinks',
    ]);
    const lines = await fairlead('nic', 'show', 'up0');
    expect(lines.slice(0, 3)).toEqual([
      'NIC up0: down, no link',
      '  link  down',
      '  team  uplinks: active, does not serve',
    ]);
    expect(lines).toContain(`  txFrames  ${host.nics.status('up0').txFrames}`);
  });

  it('--json has every column of the table', async () => {
    await controlled();
    const { version, nics } = (await objectOf('nic', 'show', 'up2')) as {
      version: number;
      nics: [{ columns: object }];
    };
    expect(version).toBe(1);
    expect(Object.keys(nics[0].columns)).toEqual(Object.keys(nicColumns));
    expect(nics[0]).toMatchObject({ name: 'up2', state: 'up', whyDown: null, verdicts: [] });
    expect(nics[0]).toMatchObject({ teams: [{ team: 'uplinks', role: 'standby', serving: false }] });
  });
});

describe('fairlead vm show', () => {
  it('shows the counters of a VM, and drops by reason', async () => {
    const host = await controlled();
    host.run(10_000);
    const runt = new Uint8Array(9);
    (host.device('web') as unknown as { send(frame: Uint8Array): boolean }).send(runt);
    host.run(1000);
    const lines = await fairlead('vm', 'show', 'web');
    expect(lines.slice(0, 3)).toEqual(['VM web: running', '  team  uplinks', '  goes over  up0, up1']);
    expect(lines).toContain(`  transmittedFrames  ${host.vms.status('web').transmittedFrames}`);
    expect(lines).toContain('  refused runt  1');
  });

  it('--json has every column of the table, of all VMs', async () => {
    await controlled();
    const { vms } = (await objectOf('vm', 'show')) as { vms: { name: string; columns: object }[] };
    expect(vms.map(({ name }) => name)).toEqual(['web', 'db']);
    expect(Object.keys(vms[0]?.columns ?? {})).toEqual(Object.keys(vmColumns));
  });

  it('refuses a VM that there is not', async () => {
    await controlled();
    const refusal = ['FAIRLEAD_ERR_UNKNOWN_VM', 'there is no VM "ftp"'];
    expect(await refusalOf(fairlead('vm', 'show', 'ftp'))).toEqual(refusal);
  });
});
