import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../scripts/references.mjs', import.meta.url));
let tree: string;

beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), 'fairlead-references-'));
  write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n  - bench\n');
  write('packages/core/package.json', { name: 'core', dependencies: { sdk: 'workspace:^', ajv: '8.0.0' } });
  write('packages/core/tsconfig.json', { include: ['src'], references: [{ path: '../gone' }] });
  write('packages/sdk/package.json', { name: 'sdk' });
  write('packages/sdk/tsconfig.json', { include: ['src'] });
  write('bench/package.json', { name: 'bench', devDependencies: { core: 'workspace:*' } });
  write('bench/tsconfig.json', { include: ['src'] });
});

afterEach(() => rmSync(tree, { recursive: true, force: true }));

function write(place: string, content: unknown): void {
  mkdirSync(path.dirname(path.join(tree, place)), { recursive: true });
  writeFileSync(path.join(tree, place), typeof content === 'string' ? content : JSON.stringify(content));
}

const read = (place: string): unknown => JSON.parse(readFileSync(path.join(tree, place), 'utf8'));
const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args, tree], { encoding: 'utf8' });

it('derives the references of every project and of the root from the workspace dependencies', () => {
  expect(run().status).toBe(0);
  expect(read('packages/core/tsconfig.json')).toEqual({ include: ['src'], references: [{ path: '../sdk' }] });
  expect(read('packages/sdk/tsconfig.json')).toEqual({ include: ['src'] });
  expect(read('bench/tsconfig.json')).toEqual({ include: ['src'], references: [{ path: '../packages/core' }] });
  expect(read('tsconfig.json')).toEqual({
    files: [],
    references: [{ path: 'packages/core' }, { path: 'packages/sdk' }, { path: 'bench' }],
  });
  expect(run('--check').status).toBe(0);
});

it('with --check names the files that differ and leaves them alone', () => {
  const { status, stderr } = run('--check');
  expect(status).toBe(1);
  expect(stderr.split('\n')).toEqual([
    'packages/core/tsconfig.json: references differ from the package.json files',
    'bench/tsconfig.json: references differ from the package.json files',
    'tsconfig.json: references differ from the package.json files',
    'mend: node scripts/references.mjs',
    '',
  ]);
  expect(read('packages/core/tsconfig.json')).toEqual({ include: ['src'], references: [{ path: '../gone' }] });
});
