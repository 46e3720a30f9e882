// Follows docs/guides/first-plugin.md literally: the commands of its first block, in an empty folder outside of the tree,
// with npm alone. Prints the seconds that each takes: `node scripts/first-plugin.mjs`. What the guide takes from a
// registry comes from packed packages here, served to npm on this machine, for as long as nothing is published.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pnpm } from './install.mjs';
import { serveArchives } from './local-registry.mjs';
import { environmentWithoutNpm } from './process.mjs';
import { root } from './workspace.mjs';

const guide = 'docs/guides/first-plugin.md';
const [, block = ''] = /^```sh[^\n]*\n([\s\S]*?)^```$/m.exec(readFileSync(path.join(root, guide), 'utf8')) ?? [];
const commands = block
  .trimEnd()
  .split('\n')
  .map((line) => line.replace(/ +#.*$/, ''));
const workshop = mkdtempSync(path.join(tmpdir(), 'fairlead-first-'));
const [empty, tarballs, cache] = ['empty', 'tarballs', 'cache'].map((name) => path.join(workshop, name));
for (const folder of [empty, tarballs]) mkdirSync(folder);

/**
 * @param {string} line
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
async function take(line, cwd, env) {
  const startMs = performance.now();
  const child = spawn(line, { cwd, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - startMs) / 1000;
  if (code !== 0) throw new Error(`${line}: exit ${code}\n${said}`);
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${line}`);
  return seconds;
}

/** The registry that npm is told to use here. */
function configured() {
  const args = ['config', 'get', 'registry'];
  const { stdout } = spawnSync('npm', args, { encoding: 'utf8', env: environmentWithoutNpm(), cwd: tmpdir() });
  return stdout.trim();
}

/** @type {{ url: string, close(): void } | undefined} */
let registry;
try {
  const { command, args } = pnpm();
  const published = ['--filter', './packages/*', '--filter', './plugins/*'];
  const packing = [...args, '--recursive', ...published, 'pack', '--pack-destination', tarballs];
  const { status, stdout, stderr } = spawnSync(command, packing, {
    cwd: root,
    encoding: 'utf8',
    env: environmentWithoutNpm(),
  });
  if (status !== 0) throw new Error(`pnpm pack: exit ${status}\n${stdout}${stderr}`);
  registry = await serveArchives(tarballs, configured());
  // A cache of its own: what npm remembers of a package must not be what another tree had packed.
  const env = {
    ...environmentWithoutNpm(),
    npm_config_registry: registry.url,
    npm_config_cache: cache,
    npm_config_yes: 'true',
  };
  let cwd = empty;
  let total = 0;
  for (const line of commands) {
    const [, folder] = /^cd (\S+)$/.exec(line) ?? [];
    if (folder === undefined) total += await take(line, cwd, env);
    else cwd = path.join(cwd, folder);
  }
  console.log(`${total.toFixed(1).padStart(6)} s  in all`);
} finally {
  registry?.close();
  rmSync(workshop, { recursive: true, force: true });
}
