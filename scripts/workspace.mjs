// The workspace as its own files describe it: every package, its place and what it depends on inside the tree.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** @typedef {{ dir: string, name: string, manifest: Record<string, any>, uses: string[] }} WorkspacePackage */

/**
 * The folders that `packages:` of pnpm-workspace.yaml names, as plain paths and `folder/*`.
 * Only this list is read, so the rest of YAML does not matter here (and nothing need be installed yet).
 * @param {string} tree
 */
function packageFolders(tree) {
  const lines = readFileSync(path.join(tree, 'pnpm-workspace.yaml'), 'utf8').split('\n');
  const start = lines.indexOf('packages:');
  const folders = [];
  for (const line of lines.slice(start + 1)) {
    const entry = /^\s+-\s+['"]?([^'"\s]+)['"]?\s*$/.exec(line);
    if (entry === null) break;
    if (entry[1].endsWith('/*')) {
      const parent = entry[1].slice(0, -2);
      if (!existsSync(path.join(tree, parent))) continue;
      for (const child of readdirSync(path.join(tree, parent)).sort()) folders.push(`${parent}/${child}`);
    } else {
      folders.push(entry[1]);
    }
  }
  return folders;
}

/**
 * Every package of the workspace, in the order of their folders.
 * @param {string} [tree]
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages(tree = root) {
  const packages = [];
  for (const dir of packageFolders(tree)) {
    const file = path.join(tree, dir, 'package.json');
    if (!existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    const uses = new Set();
    for (const field of ['dependencies', 'peerDependencies', 'devDependencies', 'optionalDependencies']) {
      for (const [name, range] of Object.entries(manifest[field] ?? {})) {
        if (String(range).startsWith('workspace:')) uses.add(name);
      }
    }
    packages.push({ dir, name: manifest.name, manifest, uses: [...uses].sort() });
  }
  return packages;
}
