import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeHost, type FrameTrace, Host } from '@fairlead/core';
import { isFairleadError } from '@fairlead/sdk';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openControl } from '../src/control/server.ts';
import { createProgram } from '../src/program.ts';
import { writeFrame } from '../src/trace/frame.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-trace-'));
const control = join(folder, 'c.sock');
const file = join(folder, 'host.yaml');
const MAC = '52:54:00:00:00:01';
writeFileSync(
  file,
  `nics:
  - { name: up0, driver: { use: af-packet, options: { interface: eth9 } } }
  - { name: up1, driver: { use: memory, options: { speedBps: 100Mbps } } }
vms:
  - { name: web, mac: '${MAC}', device: { use: memory }, bandwidth: { limitBps: 100Mbps, burstBytes: 4KiB } }
admission: { use: shaping-filter }
distribution: { use: pending-load }
`,
);
afterAll(() => rmSync(folder, { recursive: true }));
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function fairlead(...args: string[]): Promise<string[]> {
  const output = new WrittenLines();
  await createProgram(output, undefined, () => undefined).parseAsync(args, { from: 'user' });
  return output.printed;
}

const refusalOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await promise.catch((thrown: unknown) => thrown);
  return isFairleadError(error) ? [error.code, error.where] : error;
};

describe('fairlead trace of a described frame', () => {
  it('shows every stage, without opening what is configured', async () => {
    const lines = await fairlead('trace', '--config', file, '--vm', 'web', '--bytes', '1500', '--tcp', '10.0.0.1:80');
    expect(lines).toEqual([
      '0.000000 s  web  1500 bytes  52:54:00:00:00:01 > 02:00:00:00:00:01',
      '  classify    ordinary: from its own address, for somebody beyond this host',
      '  admit       shaping-filter: admit: the buckets held its 1500 bytes',
      '              limitBps 100.0M, peakBps none, burstBytes 4096, reservationBps 0, entitledBps 100.0M, shares 1, priority 0, averageBps 100.0M, averageTokens 2596, 1 waiting',
      '  distribute  pending-load: up0: the least loaded',
      '              finishUs 12, grainBytes 1514, outranked false',
      '            * up0               1.00G       0 pending  the least loaded',
      '            - up1              100.0M       0 pending  would be finished with it 108.0 µs later',
      '  send        up0: 0 frames on its queue, room for 1024',
      '  outcome     on the queue of its NIC',
    ]);
  });

  it('takes NICs down, and has one object of a version for programs', async () => {
    const [line] = await fairlead('trace', '--config', file, '--vm', 'web', '--down', 'up0', '--json');
    const { version, frames } = JSON.parse(line as string) as { version: number; frames: FrameTrace[] };
    expect([version, frames.length]).toEqual([1, 1]);
    expect(frames[0]?.distribute?.nic).toBe('up1');
    expect(frames[0]?.distribute?.nics[0]).toMatchObject({ nic: 'up0', why: 'down: disabled by the operator' });
  });

  it.each([
    ['admission', ['shaping-filter', 'proportional-share']],
    [
      'distribution',
      [
        'active-backup',
        'flow-hash',
        'load-rebalance',
        'originating-port',
        'pending-load',
        'round-robin',
        'vm-affinity',
        'weighted',
      ],
    ],
  ])('has every bundled policy of %s say why', async (kind, policies) => {
    const written = readFileSync(file, 'utf8');
    for (const policy of policies) {
      const host = join(folder, `${policy}.yaml`);
      writeFileSync(host, written.replace(new RegExp(`^${kind}: .*$`, 'm'), `${kind}: { use: ${policy} }`));
      const lines = (await fairlead('trace', '--config', host, '--vm', 'web')).join('\n');
      expect(lines).toContain(` ${policy}: `);
      expect(lines).not.toMatch(/does not explain|explain\(\) threw|chose another/);
    }
  });

  it('says why a frame is dropped', async () => {
    const lines = await fairlead('trace', '--config', file, '--vm', 'web', '--from', '52:54:00:00:00:99');
    expect(lines.slice(1)).toEqual([
      '  classify    spoofed: it names another sender than its VM (port security)',
      '  outcome     dropped',
    ]);
  });

  it.each([
    [
      ['--config', file],
      ['FAIRLEAD_ERR_CONTROL_REQUEST', 'trace'],
    ],
    [
      ['--config', file, '--vm', 'ftp'],
      ['FAIRLEAD_ERR_UNKNOWN_VM', undefined],
    ],
    [
      ['--config', file, '--vm', 'web', '--tcp', 'ten:80'],
      ['FAIRLEAD_ERR_CONFIG_INVALID', '--tcp'],
    ],
    [
      ['--config', file, '--vm', 'web', '--to', 'here'],
      ['FAIRLEAD_ERR_CONFIG_INVALID', '--to'],
    ],
    [
      ['--config', file, '--vm', 'web', '--bytes', '60', '--tcp', '10.0.0.1:80', '--down', 'up7'],
      ['FAIRLEAD_ERR_UNKNOWN_NIC', undefined],
    ],
    [
      ['--config', file, '--vm', 'web', '--bytes', '50', '--tcp', '10.0.0.1:80'],
      ['FAIRLEAD_ERR_CONFIG_INVALID', '--bytes'],
    ],
    [
      ['web', '--next', 'all'],
      ['FAIRLEAD_ERR_CONFIG_INVALID', '--next'],
    ],
  ])('%j is refused', async (args, refusal) => {
    expect(await refusalOf(fairlead('trace', ...args))).toEqual(refusal);
  });

  it('writes headers that a hash can read', () => {
    const frame = writeFrame({ vm: 'web', to: 'ff:ff:ff:ff:ff:ff', bytes: 100, udp: '10.0.0.1:53' }, MAC);
    const hex = Buffer.from(frame).toString('hex');
    expect(hex.slice(0, 28)).toBe('ffffffffffff5254000000010800');
    expect(hex.slice(28, 84)).toBe(`45000056000000004011ae95${'c0000201'}${'0a000001'}c00000350042`.padEnd(56, '0'));
  });
});

describe('fairlead trace of a running host', () => {
  it('follows the next frames of a VM', async () => {
    const traffic = { rateBps: '20Mbps', frameBytes: '1000B' };
    const composition = await composeHost(
      {
        nics: ['up0', 'up1'].map((name) => ({ name, driver: { use: 'memory' } })),
        vms: [{ name: 'web', mac: MAC, device: { use: 'memory', options: { traffic } } }],
        distribution: { use: 'active-backup' },
        runtime: { kind: 'inline' },
      },
      { bases: [import.meta.url] },
    );
    const host = await new Host(composition).start();
    const socket = await openControl(control, { host, composition, name: 'host.yaml' });
    const clock = setInterval(() => host.run(1000), 1);
    endings.push(async () => {
      clearInterval(clock);
      await socket.close();
      await host.close();
    });
    const lines = await fairlead('trace', 'web', '--next', '3', '--control', control);
    expect(lines.filter((line) => line.includes('outcome'))).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith('            - '))).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/up1 .* serves, and is not the first of the team$/)),
    );
  });
});
