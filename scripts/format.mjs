// Formats the tree and sorts its imports, as `npm test` expects to find them.
import path from 'node:path';
import { runQuietly } from './process.mjs';
import { root } from './workspace.mjs';

const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome');
const { code } = await runQuietly(process.execPath, [biome, 'check', '--write', ...process.argv.slice(2)], {
  live: true,
});
process.exitCode = code;
