import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { API_VERSIONS } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed } from './given/program.ts';
import { Workshop } from './given/workshop.ts';

/*
 * What somebody has who never saw this repository: packed packages, npm, and an empty folder. They make a plugin of
 * each kind, in both languages, build, lint and test it, publish it (pack it), and run a host with all of them.
 */
const kinds = Object.keys(API_VERSIONS);
const languages = ['ts', 'js'] as const;
const workshop = new Workshop();

beforeAll(async () => {
  await workshop.install(await workshop.pack());
});
afterAll(() => workshop.remove());

/** The package of the plugin of a kind and language that was made here. */
const nameOf = (kind: string, language: string) => `my-${kind}-${language}`;
const scriptsOf = (folder: string) =>
  (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;

describe.each(kinds)('a %s plugin, made outside of the workspace,', (kind) => {
  it.concurrent.each(languages)(
    'in %s is made, built, linted, tested and tried by its own scripts',
    async (language) => {
      const name = nameOf(kind, language);
      const folder = path.join(workshop.folder, name);
      await workshop.npm('create', '@fairlead/plugin', '--', '--kind', kind, '--name', name, '--language', language);
      expect(existsSync(path.join(folder, 'package.json'))).toBe(true);
      const run = (script: string) => succeed('npm', ['run', '--silent', script], folder);
      await run('build');
      expect(await run('lint')).toMatch(/Found 0 warnings and 0 errors/);
      const tested = await run('test');
      expect(tested).toMatch(/Test Files +1 passed/);
      expect(Number(/Tests +(\d+) passed \(\1\)/.exec(tested)?.[1])).toBeGreaterThan(3);
      await run('check');
      if ('simulate' in scriptsOf(folder)) await run('simulate');
    },
  );
});

describe('the plugins, packed and installed by name,', () => {
  beforeAll(async () => {
    const made = readdirSync(workshop.folder).filter((name) => name.startsWith('my-'));
    for (const name of made) {
      await succeed(
        'npm',
        ['pack', '--silent', '--pack-destination', workshop.tarballs],
        path.join(workshop.folder, name),
      );
    }
    const packed = made.map((name) => path.join(workshop.tarballs, `fairlead-${name}-0.1.0.tgz`));
    await workshop.npm('install', '--prefer-offline', '--no-audit', '--no-fund', ...packed);
  });

  it('find one sdk, the one that the host has', async () => {
    const found = await workshop.npm('ls', '@fairlead/sdk', '--all', '--parseable');
    expect(found.trim().split('\n')).toEqual([path.join(workshop.folder, 'node_modules/@fairlead/sdk')]);
  });

  it.each(languages)('written in %s make up a host, which runs and accounts for every frame', async (language) => {
    const use = (kind: string) => `fairlead-${nameOf(kind, language)}`;
    const file = path.join(workshop.folder, `host-${language}.yaml`);
    writeFileSync(
      file,
      `nics:
  - { name: theirs, driver: { use: ${use('nic-driver')}, options: { speedBps: 100Mbps } } }
  - { name: ours, driver: { use: memory, options: { speedBps: 100Mbps } } }
vms:
  - { name: web, mac: "52:54:00:00:00:01", device: { use: memory, options: { traffic: { rateBps: 90Mbps } } }, bandwidth: { limitBps: 20Mbps } }
  - { name: db, mac: "52:54:00:00:00:02", device: { use: ${use('device-emulator')} } }
admission: { use: ${use('admission')}, options: { burstBytes: 32KiB } }
distribution: { use: ${use('load-distribution')} }
hypervisor: { use: ${use('hypervisor')} }
`,
    );
    const lines = (await workshop.fairlead('run', file, '--for', '1s', '--json')).trim().split('\n');
    const objects = lines.map((line) => JSON.parse(line) as { type: string; conserved?: boolean });
    expect(objects.filter(({ type }) => type === 'event')).toEqual([]);
    const { type, conserved, ...rest } = objects.at(-1) as (typeof objects)[number];
    expect({ type, conserved }).toEqual({ type: 'end', conserved: true });
    const { accounts } = rest as unknown as { accounts: { subject: string; transmitted: number }[] };
    const sent = (subject: string) => accounts.find((account) => account.subject === subject)?.transmitted;
    expect(sent('vm web outbound')).toBeGreaterThan(100);
    expect(sent('vm db outbound')).toBeGreaterThan(100);
  });
});
