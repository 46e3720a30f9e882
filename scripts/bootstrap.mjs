// What `npm start`, `npm test` and the others go through: in a fresh clone with nothing but Node and npm it fetches
// pnpm at its pinned version and the locked dependencies, builds, and runs the target in this very process, so that
// the terminal, signals and the exit code are the target's own.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { install } from './install.mjs';
import { runQuietly } from './process.mjs';
import { root } from './workspace.mjs';

const targets = {
  start: { build: true, file: 'packages/cli/dist/main.js', args: ['demo'] },
  bench: { build: true, file: 'bench/dist/main.js', args: [] },
  docs: { build: true, file: 'scripts/docs.mjs', args: [] },
  test: { build: false, file: 'scripts/check.mjs', args: [] },
  lint: { build: true, file: 'scripts/check.mjs', args: ['--only', 'lint'] },
  format: { build: false, file: 'scripts/format.mjs', args: [] },
  build: { build: true, file: undefined, args: [] },
};

/** @param {string} text @returns {never} */
function giveUp(text) {
  console.error(`fairlead: ${text}`);
  process.exit(1);
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const wanted = engines.node.replace('>=', '').split('.').map(Number);
  const found = process.versions.node.split('.').map(Number);
  if (found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1])) return;
  giveUp(`Node ${engines.node} is needed, this is ${process.versions.node}. Install a newer Node and try again.`);
}

async function build() {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { code } = await runQuietly(process.execPath, [tsc, '-b'], { notice: 'building …' });
  if (code !== 0) process.exit(code);
}

checkNode();
const [name, ...rest] = process.argv.slice(2);
const target = Object.entries(targets).find(([one]) => one === name)?.[1];
if (target === undefined) giveUp(`usage: node scripts/bootstrap.mjs ${Object.keys(targets).join('|')} [arguments]`);

process.chdir(root);
await install();
if (target.build) await build();
if (target.file !== undefined) {
  const file = path.join(root, target.file);
  if (!existsSync(file)) giveUp(`${target.file} is missing after the build; \`npm run build\` may say why.`);
  process.argv = [process.execPath, file, ...target.args, ...rest];
  await import(pathToFileURL(file).href);
}
