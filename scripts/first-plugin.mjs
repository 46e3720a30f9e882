// Follows docs/guides/first-plugin.md outside of the tree, with packed packages and npm alone, and prints the seconds of
// each step: `node scripts/first-plugin.mjs`. One step differs: nothing is published, so `npm install` is run once, with the
// packed files, in the folder above the plugin's, where Node and npm find them.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pnpm } from './install.mjs';
import { environmentWithoutNpm } from './process.mjs';
import { root } from './workspace.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'fairlead-first-'));
const tarballs = path.join(folder, 'tarballs');
mkdirSync(tarballs);

/**
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function step(title, command, args, cwd) {
  const startMs = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: environmentWithoutNpm() });
  const seconds = (performance.now() - startMs) / 1000;
  if (status !== 0) throw new Error(`${title}: exit ${status}\n${stdout}${stderr}`);
  if (title !== '') console.log(`${seconds.toFixed(1).padStart(6)} s  ${title}`);
  return seconds;
}

try {
  const { command, args } = pnpm();
  const published = ['--filter', './packages/*', '--filter', './plugins/*'];
  step('', command, [...args, '--recursive', ...published, 'pack', '--pack-destination', tarballs], root);
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const tools = ['@types/node', 'oxlint', 'typescript', 'vitest'].map((name) => `${name}@${devDependencies[name]}`);
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const packed = readdirSync(tarballs).map((file) => path.join(tarballs, file));
  const plugin = path.join(folder, 'express-lane');
  /** @type {[string, string[], string][]} */
  const steps = [
    ['npm install', ['install', '--no-audit', '--no-fund', ...packed, ...tools], folder],
    [
      'npm create @fairlead/plugin -- --kind load-distribution --name express-lane',
      ['create', '@fairlead/plugin', '--', '--kind', 'load-distribution', '--name', 'express-lane'],
      folder,
    ],
    ...['build', 'test', 'lint', 'check', 'simulate'].map(
      (script) => /** @type {[string, string[], string]} */ ([`npm run ${script}`, ['run', script], plugin]),
    ),
  ];
  let total = 0;
  for (const [title, given, cwd] of steps) total += step(title, 'npm', given, cwd);
  console.log(`${total.toFixed(1).padStart(6)} s  in all`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
