import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeHost, Host, type ShadowReport } from '@fairlead/core';
import { isFairleadError } from '@fairlead/sdk';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { run } from '../src/commands/run.ts';
import { clearShadow, reportShadows, setShadow } from '../src/commands/shadow.ts';
import { swap } from '../src/commands/swap.ts';
import { openControl } from '../src/control/server.ts';
import { shadowLines } from '../src/view/shadow-report.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-policies-'));
const control = join(folder, 'c.sock');
afterAll(() => rmSync(folder, { recursive: true }));
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A host on the virtual clock that answers at the socket. */
async function controlled(): Promise<Host> {
  const traffic = { rateBps: '20Mbps', frameBytes: '1000B' };
  const composition = await composeHost(
    {
      nics: ['up0', 'up1'].map((name) => ({ name, driver: { use: 'memory' } })),
      vms: [{ name: 'a', mac: '52:54:00:00:00:01', device: { use: 'memory', options: { traffic } } }],
      distribution: { use: 'round-robin' },
      runtime: { kind: 'inline' },
    },
    { bases: [import.meta.url] },
  );
  const host = await new Host(composition).start();
  endings.push(() => host.close());
  const socket = await openControl(control, { host, composition, name: 'host.yaml' });
  endings.push(() => socket.close());
  return host;
}

const refusalOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await promise.catch((thrown: unknown) => thrown);
  return isFairleadError(error) ? [error.code, error.where, error.what] : error;
};

describe('fairlead swap', () => {
  it('puts another policy into a place of a running host, and says what came of the state', async () => {
    const host = await controlled();
    const output = new WrittenLines();
    const options = '{"pins":{"a":"up1"}}';
    expect(await swap({ section: 'distribution', plugin: 'vm-affinity', options }, { control }, output)).toBe(0);
    expect(output.printed).toEqual([
      'distribution: vm-affinity decides now, in the place of round-robin and without its state',
    ]);
    host.run(10_000);
    expect([host.nics.status('up0').txFrames > 0, host.nics.status('up1').txFrames > 0]).toEqual([false, true]);
  });

  it('prints one object of a version for programs', async () => {
    await controlled();
    const output = new WrittenLines();
    await swap({ section: 'admission', plugin: 'shaping-filter' }, { control, json: true, probationMs: 0 }, output);
    expect(output.objects).toEqual([
      { version: 1, section: 'admission', from: 'admit-all', to: 'shaping-filter', handedOver: false, cause: 'asked' },
    ]);
  });

  it.each([
    [
      { section: 'distribution', plugin: 'round-robbin' },
      ['FAIRLEAD_ERR_PLUGIN_NOT_FOUND', 'distribution.use', 'there is no load-distribution plugin "round-robbin"'],
    ],
    [
      { section: 'distribution', plugin: 'round-robin', options: '{"weigthed":true}' },
      [
        'FAIRLEAD_ERR_PLUGIN_OPTIONS',
        'distribution.options.weigthed',
        'load-distribution plugin "round-robin": there is no "weigthed" here',
      ],
    ],
    [
      { section: 'distribution', plugin: 'round-robin', options: '{' },
      ['FAIRLEAD_ERR_CONTROL_REQUEST', '--options', 'the options are no JSON'],
    ],
    [
      { section: 'distribution', plugin: 'round-robin', options: '[]' },
      ['FAIRLEAD_ERR_CONTROL_REQUEST', '--options', 'the options are no JSON object'],
    ],
    [
      { section: 'distributed', plugin: 'round-robin' },
      ['FAIRLEAD_ERR_CONTROL_REQUEST', 'swap args.section', '"distributed" is not a choice here'],
    ],
  ])('refuses %o with the place, and changes nothing', async (policy, refusal) => {
    const host = await controlled();
    expect(await refusalOf(swap(policy, { control }, new WrittenLines()))).toEqual(refusal);
    expect(host.policies).toEqual({ admission: 'admit-all', distribution: 'round-robin' });
  });

  it('finds a path from the folder in which the command runs, whatever the folder of the host is', async () => {
    await controlled();
    const plugin = './no/such/policy.js';
    expect(await refusalOf(swap({ section: 'admission', plugin }, { control }, new WrittenLines()))).toEqual([
      'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
      'admission.use',
      `there is no admission plugin "${join(process.cwd(), 'no/such/policy.js')}"`,
    ]);
  });
});

describe('fairlead shadow', () => {
  it('sets, reports and clears a shadow', async () => {
    const host = await controlled();
    const output = new WrittenLines();
    const options = '{"pins":{"a":"up1"}}';
    await setShadow({ section: 'distribution', plugin: 'vm-affinity', options }, { control }, output);
    host.run(10_000);
    await reportShadows(undefined, { control }, output);
    await clearShadow('distribution', { control }, output);
    await reportShadows(undefined, { control }, output);
    const frames = host.vms.status('a').transmittedFrames;
    expect(output.printed[0]).toBe(
      'distribution: vm-affinity is asked beside the policy that decides; see fairlead shadow report',
    );
    expect(output.printed[1]).toBe('distribution: round-robin decides; beside it vm-affinity');
    expect(output.printed[2]).toMatch(
      new RegExp(`batches, ${frames} frames; both said the same of ${frames % 2 === 0 ? '50.0' : '4|5'}`),
    );
    expect(output.printed).toContain('first differences:');
    expect(output.printed.at(-2)).toBe('distribution: no policy is asked beside the one that decides');
    expect(output.printed.at(-1)).toMatch(/^no policy is asked beside one that decides/);
  });

  const report: ShadowReport = {
    version: 1,
    sections: [
      {
        section: 'admission',
        real: 'shaping-filter',
        shadow: 'proportional-share',
        state: 'aside',
        faults: ['admit() failed for VM web: no idea'],
        sinceUs: 0,
        batches: 12,
        frames: 300,
        same: 200,
        matrix: [
          { real: 'admit', shadow: 'admit', frames: 200, bytes: 200_000 },
          { real: 'queue', shadow: 'admit', frames: 100, bytes: 100_000 },
        ],
        vms: [
          { vm: 'web', frames: 200, same: 200 },
          { vm: 'db', frames: 100, same: 0 },
        ],
        differences: [
          {
            atUs: 1500,
            vm: 'db',
            bytes: 1000,
            real: 'queue',
            shadow: 'admit',
            realRetryAtUs: 2000,
            shadowRetryAtUs: 0,
            flow: 0,
            backlogFrames: 7,
            priority: 0,
            reservationBps: 0,
            entitledBps: 0,
            limitBps: null,
            nics: [
              { name: 'up0', available: true, pendingBytes: 3000, speedBps: 1e9 },
              { name: 'up1', available: false, pendingBytes: 0, speedBps: 1e9 },
            ],
          },
        ],
      },
    ],
  };

  it('shows a report as a table', () => {
    expect(shadowLines(report)).toEqual([
      'admission: shaping-filter decides; beside it proportional-share, which was put aside',
      '  it failed: admit() failed for VM web: no idea',
      '12 batches, 300 frames; both said the same of 66.7%',
      '',
      'decided \\ shadow               admit',
      'admit                     200 195KiB',
      'queue                    100 97.7KiB',
      '',
      'VM                      frames    the same',
      'db                         100        0.0%',
      'web                        200      100.0%',
      '',
      'first differences:',
      '  0.001500 s  db, 1000 bytes: queue, shadow admit  (7 waiting; pending: up0 2.9KiB, up1 away)',
    ]);
  });

  it('reads a report from a file, and says what is wrong with one that is none', async () => {
    const file = join(folder, 'report.json');
    const output = new WrittenLines();
    writeFileSync(file, JSON.stringify(report));
    expect(await reportShadows(file, { json: true }, output)).toBe(0);
    expect(output.objects).toEqual([report]);
    writeFileSync(file, '{"version":1,"sections":[{"section":"admission"}]}');
    const wrong = 'this is no report of shadow policies: sections[0].real: "real" is missing';
    expect(await refusalOf(reportShadows(file, {}, output))).toEqual(['FAIRLEAD_ERR_REPORT_FORMAT', file, wrong]);
    writeFileSync(file, 'no JSON');
    await expect(reportShadows(file, {}, output)).rejects.toThrow('the report cannot be read');
    await expect(reportShadows(join(folder, 'none'), {}, output)).rejects.toThrow('FAIRLEAD_ERR_REPORT_FORMAT');
  });
});

const hostFile = `
nics:
  - { name: up0, driver: { use: memory, options: { speedBps: 1Gbps, echo: true } } }
  - { name: up1, driver: { use: memory, options: { speedBps: 1Gbps, echo: true } } }
vms:
  - { name: a, mac: "52:54:00:00:00:01", device: { use: memory, options: { traffic: { rateBps: 5Mbps } } } }
distribution: { use: round-robin, shadow: { use: pending-load } }
`;

describe('a host that fairlead run runs', () => {
  it('has its policies exchanged under load, tells of it, and writes the report of its shadow', async () => {
    const name = join(folder, 'host.yaml');
    const shadowReport = join(folder, 'shadows.json');
    writeFileSync(name, hostFile);
    const output = new WrittenLines();
    let asked: Promise<number> | undefined;
    output.heard = (line) => {
      if (line.startsWith('{"type":"rates"'))
        asked ??= swap({ section: 'distribution', plugin: 'vm-affinity' }, { control }, new WrittenLines());
    };
    expect(await run(name, { forMs: 1800, json: true, control, shadowReport }, output)).toBe(0);
    expect(await asked).toBe(0);
    expect(output.objects[0]).toMatchObject({ type: 'start', control });
    const told = output.objects.filter(({ event }) => event === 'swap' || event === 'shadow').map(({ text }) => text);
    expect(told).toEqual([
      'distribution: shadow pending-load is asked beside the policy that decides',
      'distribution: vm-affinity decides now, in the place of round-robin and without its state',
    ]);
    expect(output.objects.at(-1)).toMatchObject({ type: 'end', conserved: true });
    const written = JSON.parse(readFileSync(shadowReport, 'utf8')) as ShadowReport;
    expect(written.sections[0]).toMatchObject({ real: 'vm-affinity', shadow: 'pending-load', state: 'watching' });
    expect(written.sections[0]?.frames).toBeGreaterThan(0);
  });

  it('does not start when its report cannot be written, or another one listens at its control socket', async () => {
    const name = join(folder, 'host.yaml');
    writeFileSync(name, hostFile);
    const output = new WrittenLines();
    const nowhere = join(folder, 'no', 'such', 'folder');
    expect(await run(name, { forMs: 100, control: false, shadowReport: nowhere }, output)).toBe(1);
    expect(output.told.at(-1)).toBe('  [FAIRLEAD_ERR_REPORT_FORMAT]');
    await controlled();
    expect(await run(name, { forMs: 100, control }, output)).toBe(1);
    expect(output.told.at(-1)).toBe('  [FAIRLEAD_ERR_CONTROL_SOCKET]');
  });
});
