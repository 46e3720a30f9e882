// TypeScript's project references, derived from the package.json files: a package refers to every package of the
// workspace that it depends on and that `tsc -b` builds. Nobody maintains the lists by hand.
//
//   node scripts/references.mjs [TREE]           writes what is out of step in TREE, default: this workspace
//   node scripts/references.mjs --check [TREE]   only says what is, and fails
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, workspacePackages } from './workspace.mjs';

const check = process.argv.includes('--check');
const tree = path.resolve(process.argv.slice(2).find((one) => one !== '--check') ?? root);
const packages = workspacePackages(tree);
/** @type {Map<string, string>} */
const built = new Map(packages.filter((one) => isBuilt(one.dir)).map((one) => [one.name, one.dir]));
/** @type {string[]} */
const stale = [];

/** @param {string} dir */
function isBuilt(dir) {
  return existsSync(path.join(tree, dir, 'tsconfig.json'));
}

/**
 * @param {string} file
 * @param {Record<string, unknown>} settings
 */
function settle(file, settings) {
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  const place = path.join(tree, file);
  if (existsSync(place) && sameSettings(readFileSync(place, 'utf8'), settings)) return;
  stale.push(file);
  if (!check) writeFileSync(place, text);
}

/**
 * Spacing is the formatter's business, so only the content counts.
 * @param {string} text
 * @param {Record<string, unknown>} settings
 */
function sameSettings(text, settings) {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(settings);
  } catch {
    return false;
  }
}

for (const one of packages) {
  if (!isBuilt(one.dir)) continue;
  const file = `${one.dir}/tsconfig.json`;
  const { references: _, ...settings } = JSON.parse(readFileSync(path.join(tree, file), 'utf8'));
  const references = one.uses
    .flatMap((name) => built.get(name) ?? [])
    .map((dir) => ({ path: path.posix.relative(one.dir, dir) }));
  settle(file, references.length > 0 ? { ...settings, references } : settings);
}
settle('tsconfig.json', { files: [], references: [...built.values()].map((dir) => ({ path: dir })) });

if (stale.length === 0) {
  console.log(`references: ${built.size} projects in step with their package.json`);
} else if (check) {
  for (const file of stale) console.error(`${file}: references differ from the package.json files`);
  console.error('mend: node scripts/references.mjs');
  process.exitCode = 1;
} else {
  for (const file of stale) console.log(`references: wrote ${file}`);
}
