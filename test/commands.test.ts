import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { captureOf } from './pages/capture.ts';
import { root } from './pages/compile.ts';

/*
 * The commands in the pages are held to be true. In README.md, CONTRIBUTING.md, docs, and the README of every package,
 * plugin and example
 *   ```sh                    is run, command by command, in an empty folder with what it needs beside it, and must succeed;
 *   ```sh not-run:<reason>   is not, for one of the reasons below.
 * What `docs/failover.md` shows in ```console is run by packages/cli/test/failover-page.test.ts.
 */
const NOT_RUN = {
  registry:
    'it asks a registry of packages, or publishes to one; scripts/first-plugin.mjs and test/packed do it with packed files',
  root: 'it opens NICs of the machine, for which it needs to be root; test/system does',
  guest: 'it is a part of the command line of a virtual machine',
  workspace: 'it builds or tests the very workspace in which this test runs',
} as const;

/** What the commands of a page need beside them, by page and, where it has several blocks, by how the block begins. */
interface Stage {
  readonly page: string;
  readonly begins: string;
  /** Puts into the folder what the commands need; returns where they are run. */
  readonly set: (folder: string, page: string) => string;
  /** A host that runs meanwhile. */
  readonly host?: boolean;
}

const FIRST = `import { definePlugin, Nics, Type } from '@fairlead/sdk';
class First {
  static inject = [Nics];
  constructor(nics) { this.nics = nics; }
  select(batch) { batch.nic.fill(this.nics.available[0], 0, batch.count); }
}
const options = Type.Object({}, { additionalProperties: false });
const kind = 'load-distribution';
export default definePlugin({ kind, name: 'my-policy', apiVersion: 1, options, implementation: First, module: import.meta.url });
`;
const ANOTHER_NAME = `import pendingLoad from '@fairlead/load-distribution-pending-load';
import { definePlugin } from '@fairlead/sdk';
export default definePlugin({ ...pendingLoad, name: 'my-policy', module: import.meta.url });
`;

const write = (folder: string, file: string, text: string | Uint8Array): void => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};

const STAGES: readonly Stage[] = [
  {
    page: 'README.md',
    begins: 'npx fairlead check',
    set(folder, page) {
      write(folder, 'host.yaml', /^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '');
      write(folder, 'capture.pcap', captureOf('52:54:00:00:00:01', 100));
      return folder;
    },
  },
  {
    page: 'README.md',
    begins: 'npx fairlead plugin test',
    set(folder) {
      symlinkSync(path.join(root, 'examples'), path.join(folder, 'examples'));
      write(folder, 'my-policy/package.json', '{ "name": "my-policy", "type": "module", "exports": "./index.js" }\n');
      write(folder, 'my-policy/index.js', FIRST);
      return folder;
    },
  },
  { page: 'README.md', begins: 'npx fairlead shadow', set: (folder) => folder, host: true },
  {
    page: 'docs/hot-swap.md',
    begins: 'fairlead shadow',
    set(folder) {
      write(folder, 'dist/my-policy.js', ANOTHER_NAME);
      return folder;
    },
    host: true,
  },
  {
    page: 'docs/guides/publishing.md',
    begins: 'npm run build',
    set(folder) {
      const made = spawnSync(
        'fairlead',
        ['plugin', 'new', '--kind', 'load-distribution', '--name', 'express-lane', '--yes'],
        { cwd: folder, env: environmentOf(folder), encoding: 'utf8' },
      );
      if (made.status !== 0) throw new Error(made.stderr);
      return path.join(folder, 'express-lane');
    },
  },
];

const HOST = `nics:
  - { name: up0, driver: { use: memory } }
  - { name: up1, driver: { use: memory } }
vms:
  - { name: web, mac: '52:54:00:00:00:01', device: { use: memory, options: { traffic: { rateBps: 1Mbps } } } }
distribution: { use: round-robin }
runtime: { workers: 1 }
`;

interface Block {
  readonly reason: string | undefined;
  readonly line: number;
  readonly commands: readonly string[];
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```sh(?: +not-run:(\S+))?\n([\s\S]*?)^```$/gm)].map((found) => ({
    reason: found[1],
    line: text.slice(0, found.index).split('\n').length,
    commands: (found[2] ?? '').replaceAll('\\\n', '').trimEnd().split('\n'),
  }));
}

const readmes = ['packages', 'plugins', 'examples'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(path.join(root, folder, entry.name)).includes('README.md'))
    .map(({ name }) => `${folder}/${name}/README.md`),
);
const docs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`);
const pages = ['README.md', 'CONTRIBUTING.md', ...docs, ...readmes].map((page) => {
  const text = readFileSync(path.join(root, page), 'utf8');
  return { page, text, blocks: blocksOf(text) };
});
const blocks = pages.flatMap(({ page, text, blocks }) => blocks.map((block) => ({ page, text, ...block })));
const run = blocks.filter(({ reason }) => reason === undefined);

const hosts: ChildProcess[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.kill('SIGKILL'); // one whose commands have failed
});

const workshop = mkdtempSync(path.join(tmpdir(), 'fairlead-commands-'));
afterAll(() => rmSync(workshop, { recursive: true, force: true }));

/** A folder in which the packages of the workspace are installed. */
function folderOf(name: string): string {
  const folder = path.join(workshop, name);
  const modules = path.join(folder, 'node_modules');
  mkdirSync(path.join(modules, '.bin'), { recursive: true });
  mkdirSync(path.join(modules, '@fairlead'));
  mkdirSync(path.join(modules, '@types'));
  for (const place of ['packages', 'plugins']) {
    for (const entry of readdirSync(path.join(root, place))) {
      const at = path.join(root, place, entry);
      const { name } = JSON.parse(readFileSync(path.join(at, 'package.json'), 'utf8')) as { name: string };
      symlinkSync(at, path.join(modules, name));
    }
  }
  for (const tool of ['typescript', 'vitest', 'oxlint', '@types/node'])
    symlinkSync(path.join(root, 'node_modules', tool), path.join(modules, tool));
  for (const bin of ['tsc', 'vitest', 'oxlint'])
    symlinkSync(path.join(root, 'node_modules/.bin', bin), path.join(modules, '.bin', bin));
  symlinkSync(path.join(root, 'packages/cli/bin/fairlead.mjs'), path.join(modules, '.bin/fairlead'));
  write(folder, 'package.json', '{ "private": true, "type": "module" }\n');
  mkdirSync(path.join(folder, 'run'), { mode: 0o700 });
  return folder;
}

/** Nothing of npm's, which started this test, and sockets in the folder's own place. */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_PATH$|NODE_OPTIONS$|VITEST)/.test(name));
  return {
    ...Object.fromEntries(mine),
    PATH: `${path.join(folder, 'node_modules/.bin')}:${process.env['PATH']}`,
    XDG_RUNTIME_DIR: path.join(folder, 'run'),
  };
}

/** Starts a host with a control socket, and waits until it says where that is. */
async function started(folder: string): Promise<ChildProcess> {
  write(folder, 'running.yaml', HOST);
  const host = spawn('fairlead', ['run', 'running.yaml'], { cwd: folder, env: environmentOf(folder) });
  hosts.push(host);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [host.stdout, host.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(path.join(folder, 'run'))) resolve();
      });
    }
    host.once('exit', (code) => reject(new Error(`the host ended with ${code}: ${said}`)));
  });
  return host;
}

async function ended(host: ChildProcess): Promise<number | null> {
  const exit = new Promise<number | null>((resolve) => host.once('exit', resolve));
  host.kill('SIGINT');
  return exit;
}

describe('the commands in the pages', () => {
  it.each(run)('$page:$line are run and succeed', { timeout: 120_000 }, async ({ page, line, text, commands }) => {
    const stage = STAGES.find((one) => one.page === page && commands[0]?.startsWith(one.begins));
    if (stage === undefined) throw new Error(`${page}:${line} has commands that nothing is prepared for`);
    const folder = folderOf(`${page.replaceAll(/\W+/g, '-')}-${line}`);
    const cwd = stage.set(folder, text);
    const host = stage.host === true ? await started(folder) : undefined;
    for (const command of commands) {
      const shell = ['-c', command];
      const options = { cwd, env: environmentOf(folder), encoding: 'utf8', timeout: 60_000 } as const;
      const { status, stdout, stderr } = spawnSync('sh', shell, options);
      expect(status === 0 ? '' : `${command}\n${stdout}${stderr}`).toBe('');
    }
    if (host !== undefined) expect(await ended(host)).toBe(0);
  });

  it('that are not run have a reason, and every reason is somebody’s', () => {
    const given = blocks.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
    expect([...new Set(given)].sort()).toEqual(Object.keys(NOT_RUN).sort());
    for (const { page, line, reason } of blocks)
      if (reason !== undefined) console.log(`${page}:${line} is not run: ${NOT_RUN[reason as keyof typeof NOT_RUN]}`);
  });

  it('are in no other language', () => {
    const others = pages.flatMap(({ page, text }) => (/^```(bash|shell|zsh)\b/m.test(text) ? [page] : []));
    expect(others).toEqual([]);
  });
});
