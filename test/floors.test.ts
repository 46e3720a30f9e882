import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findingsIn } from '../scripts/floor-rules.mjs';

const script = fileURLToPath(new URL('../scripts/floors.mjs', import.meta.url));
const plugin = 'plugins/load-distribution-odd';
let tree: string;

beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), 'fairlead-floors-'));
  write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n  - plugins/*\n  - test\n');
  const sdk = { '@fairlead/sdk': 'workspace:^' };
  writePackage('packages/sdk', '@fairlead/sdk', {});
  writePackage('packages/core', '@fairlead/core', sdk);
  writePackage('packages/cli', 'fairlead', { ...sdk, '@fairlead/core': 'workspace:^' });
  writePackage(plugin, '@fairlead/load-distribution-odd', sdk);
  writePackage('plugins/admission-even', '@fairlead/admission-even', sdk);
  writePackage('test', '@fairlead/test', {});
});

afterEach(() => rmSync(tree, { recursive: true, force: true }));

function write(place: string, text: string): void {
  mkdirSync(path.dirname(path.join(tree, place)), { recursive: true });
  writeFileSync(path.join(tree, place), text);
}

function writePackage(dir: string, name: string, dependencies: Record<string, string>): void {
  write(`${dir}/package.json`, JSON.stringify({ name, dependencies }));
}

/** What the rule says about the tree, a line each. */
const findings = (): string[] => findingsIn(tree).map(({ place, wrong, mend }) => `${place}: ${wrong}; mend: ${mend}`);

it('accepts a tree where every package keeps to its floor', () => {
  write('packages/sdk/src/index.ts', "export { mac } from './mac.ts';\n// Date.now() in a comment is only a comment\n");
  write('packages/sdk/src/mac.ts', "import { hash } from 'node:crypto';\nexport const mac = hash;\n");
  write('packages/core/src/clock.ts', "import '@fairlead/sdk';\nexport const nowMs = () => Date.now();\n");
  write('packages/cli/src/main.ts', "import '@fairlead/core';\nimport '@fairlead/sdk';\nDate.now();\n");
  write(`${plugin}/src/index.ts`, "import type { Batch } from '@fairlead/sdk';\nexport type { Batch };\n");
  write(`${plugin}/test/odd.test.ts`, "import '../src/index.ts';\nimport '@fairlead/sdk/testing';\n");
  write('test/whole.test.ts', "import '@fairlead/core';\nimport '../scripts/anything.mjs';\n");
  expect(findings()).toEqual([]);
});

it.each([
  ['packages/sdk', '@fairlead/core'],
  ['packages/core', '@fairlead/admission-even'],
  ['packages/core', 'fairlead'],
  [plugin, '@fairlead/core'],
  [plugin, '@fairlead/admission-even'],
])('names the line where %s imports %s, which is not below it', (dir, name) => {
  write(`${dir}/src/index.ts`, `\nimport '${name}';\n`);
  expect(findings()).toEqual([
    `${dir}/src/index.ts:2: '${name}' is not for ${dir}; ` +
      'mend: depend on a lower floor, or move the code to the floor that may know both',
  ]);
});

it('sees an import that is made while running, and one of a type', () => {
  write(`${plugin}/src/index.ts`, "type Host = import('@fairlead/core').Host;\nawait import('@fairlead/core');\n");
  expect(findings().map((line) => line.split(': ')[0])).toEqual([
    `${plugin}/src/index.ts:1`,
    `${plugin}/src/index.ts:2`,
  ]);
});

it.each([
  ['packages/cli/src/main.ts', '../../core/src/host.ts', 'reaches into packages/core'],
  ['test/whole.test.ts', '../packages/core/dist/host.js', 'reaches into packages/core'],
  ['test/whole.test.ts', '@fairlead/core/dist/host.js', 'reaches into another package'],
  [`${plugin}/src/index.ts`, '../test/frames.ts', 'leaves the sources'],
  [`${plugin}/src/index.ts`, 'koffi', 'is not a dependency'],
])('refuses that %s imports %s', (place, specifier, wrong) => {
  write(place, `import '${specifier}';\n`);
  const [line, ...others] = findings();
  expect(line).toContain(`${place}:1: '${specifier}' ${wrong}; mend: `);
  expect(others).toEqual([]);
});

it.each([
  'Date.now()',
  'new Date()',
  'Math.random()',
  'performance.now()',
  'globalThis.performance.now',
  'process.hrtime()',
])('refuses %s on the data path, but not in its tests', (reading) => {
  write(`${plugin}/src/index.ts`, `export const value = ${reading};\n`);
  write(`${plugin}/test/odd.test.ts`, `export const value = ${reading};\n`);
  const [line, ...others] = findings();
  expect(line).toContain(`${plugin}/src/index.ts:1: `);
  expect(line).toContain('is not repeatable; mend: take the injected clock or generator');
  expect(others).toEqual([]);
});

it('refuses files and folders whose name says nothing', () => {
  write('packages/core/src/utils.ts', 'export {};\n');
  write('packages/core/src/common/ring.ts', 'export {};\n');
  write('packages/core/test/helpers.test.ts', 'export {};\n');
  expect(findings().map((line) => line.split(': ')[0])).toEqual([
    'packages/core/src/common',
    'packages/core/src/utils.ts',
    'packages/core/test/helpers.test.ts',
  ]);
});

it('as a command prints the findings and fails', () => {
  const run = () => spawnSync(process.execPath, [script, tree], { encoding: 'utf8' });
  expect(run()).toMatchObject({ status: 0, stdout: 'floors: nobody knows too much\n', stderr: '' });
  write('packages/sdk/src/index.ts', "import '../../core/src/index.ts';\n");
  expect(run()).toMatchObject({
    status: 1,
    stdout: '',
    stderr:
      "packages/sdk/src/index.ts:1: '../../core/src/index.ts' reaches into packages/core; " +
      "mend: import '@fairlead/core' or a subpath that it exports\n",
  });
});
