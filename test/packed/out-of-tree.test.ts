import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginKind } from '@fairlead/sdk';
import { CONFORMANCE_KINDS } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed } from './given/program.ts';
import { Workshop } from './given/workshop.ts';

/*
 * What somebody has who never saw this repository: packed packages, npm, and an empty folder. They make a plugin of
 * each kind that has laws, in both languages, build, lint and test it, publish it (pack it), and run a host with all of them.
 */
const kinds = CONFORMANCE_KINDS;
const languages = ['ts', 'js'] as const;
const workshop = new Workshop();
/** Plugins as they were built against sdks of the past. */
const previous = fileURLToPath(new URL('previous', import.meta.url));
const previousSdks = readdirSync(previous).filter((name) => name.startsWith('sdk-'));

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
    await expectHostToRun(`host-${language}.yaml`, (kind) => `fairlead-${nameOf(kind, language)}`);
  });

  it('give the doctor nothing to say', async () => {
    expect(await workshop.fairlead('plugin', 'doctor', 'host-ts.yaml')).toMatch(
      /^\d+ plugins and host-ts\.yaml: nothing wrong$/m,
    );
  });
});

/** Runs a host in which each kind that a host has a place for is one of the plugins. */
async function expectHostToRun(file: string, use: (kind: PluginKind) => string): Promise<void> {
  writeFileSync(
    path.join(workshop.folder, file),
    `nics:
  - { name: theirs, driver: { use: ${use('nic-driver')}, options: { speedBps: 100Mbps } } }
  - { name: ours, driver: { use: memory, options: { speedBps: 100Mbps } } }
vms:
  - name: web
    mac: "52:54:00:00:00:01"
    device: { use: memory, options: { traffic: { rateBps: 90Mbps } } }
    bandwidth: { limitBps: 20Mbps }
  - { name: db, mac: "52:54:00:00:00:02", device: { use: ${use('device-emulator')} } }
admission: { use: ${use('admission')}, options: { burstBytes: 32KiB } }
distribution: { use: ${use('load-distribution')}, options: { marginBytes: 6000B } }
hypervisor: { use: ${use('hypervisor')} }
`,
  );
  const lines = (await workshop.fairlead('run', file, '--for', '1s', '--json')).trim().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Line);
  // An event would be a plugin that was put aside, a NIC that went down, a worker that was replaced.
  expect(objects.filter(({ type }) => type === 'event')).toEqual([]);
  const { type, conserved, accounts = [] } = objects.at(-1) as Line;
  expect({ type, conserved }).toEqual({ type: 'end', conserved: true });
  const sent = (subject: string) => accounts.find((account) => account.subject === subject)?.transmitted;
  expect(sent('vm web outbound')).toBeGreaterThan(100);
  expect(sent('vm db outbound')).toBeGreaterThan(100);
}

/** A line of what `fairlead run --json` prints. */
interface Line {
  readonly type: string;
  readonly conserved?: boolean;
  readonly accounts?: readonly { readonly subject: string; readonly transmitted: number }[];
}

describe.each(previousSdks)('the plugins that were built against %s', (sdk) => {
  const folder = path.join(workshop.folder, 'previous', sdk);
  // The kinds of its day.
  const kinds = readdirSync(path.join(previous, sdk));
  beforeAll(() => cpSync(path.join(previous, sdk), folder, { recursive: true }));

  it('are of kinds that there still are', () => {
    expect(CONFORMANCE_KINDS).toEqual(expect.arrayContaining(kinds));
    expect(kinds.length).toBeGreaterThanOrEqual(8);
  });

  it('keep the present laws', async () => {
    const said = await workshop.fairlead('plugin', 'test', ...kinds.map((kind) => path.join(folder, kind)));
    expect(said.split('\n').filter((line) => line === 'all hold')).toHaveLength(kinds.length);
  });

  it('compile against the present declarations', async () => {
    const sources = kinds.map((kind) => path.join(folder, kind, 'src/index.ts'));
    const flags =
      '--noEmit --strict --target es2023 --module nodenext --types node --skipLibCheck --experimentalDecorators';
    expect(await succeed('npx', ['--no-install', 'tsc', ...flags.split(' '), ...sources], workshop.folder)).toBe('');
  });

  it('make up a present host', async () => {
    await expectHostToRun(`host-${sdk}.yaml`, (kind) => path.join(folder, kind, 'compiled/index.js'));
  });
});
