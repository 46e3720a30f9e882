import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, root, workshop } from './pages/compile.ts';

/*
 * The code in the pages is held to be true. In README.md, docs/*.md and docs/guides/*.md
 *   ```ts             is a whole module and must compile,
 *   ```ts fragment    is not, and is left alone,
 *   ```ts src/a.ts    is a file (so are json, js and yaml with a path): the files of a page are put into one folder,
 *                     the TypeScript is compiled by the page's own tsconfig.json, what has a path is run, and a host
 *                     file must pass `fairlead check`; the beginning of a `….scenario.yaml` is simulated.
 */
const cli = path.join(root, 'packages/cli/bin/fairlead.mjs');

interface Block {
  readonly language: string;
  /** Path of the file; empty for a block without one. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const FENCE = /^```(\w+)(?: +(\S+))?\n([\s\S]*?)^```$/gm;

function blocksOf(page: string): Block[] {
  return [...page.matchAll(FENCE)].map(([, language = '', file = '', text = ''], i, all) => ({
    language,
    file,
    line: page.slice(0, (all as { index: number }[] & typeof all)[i].index).split('\n').length,
    text,
  }));
}

/** The files that the blocks of a page are, by path. */
function filesOf(blocks: readonly Block[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const block of blocks) {
    if (block.file === 'fragment') continue;
    if (block.file !== '') files.set(block.file, block.text);
    else if (block.language === 'ts') files.set(`src/line-${block.line}.ts`, block.text);
  }
  return files;
}

/** Runs Node; returns what it printed when it failed. */
function run(folder: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 15_000,
  });
  return status === 0 ? '' : `exit ${status}\n${stdout}${stderr}`;
}

const inDocs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
const pages = ['README.md', ...inDocs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)]
  .map((file) => ({ file, blocks: blocksOf(readFileSync(path.join(root, file), 'utf8')) }))
  .filter(({ blocks }) => blocks.some(({ language, file }) => language === 'ts' || file !== ''));

describe.each(pages)('the code in $file', ({ file, blocks }) => {
  const folder = path.join(workshop, file.replace(/\W+/g, '-'));
  const programs = blocks.filter(({ language, file }) => /^(ts|js)$/.test(language) && file.includes('.'));
  const yamlFiles = blocks.filter(({ language, file }) => language === 'yaml' && file !== '');
  const scenarios = yamlFiles.filter(({ file }) => file.endsWith('.scenario.yaml'));
  const hostFiles = yamlFiles.filter((block) => !scenarios.includes(block));

  // The first one reads the libraries, too.
  it('compiles', { timeout: 60_000 }, () => {
    expect(compile(folder, filesOf(blocks))).toEqual([]);
  });

  it.skipIf(programs.length === 0).each(programs)('runs: $file', ({ file }) => {
    // A page with a tsconfig.json of its own may have named src as the root.
    const places = [file.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'), file.replace(/^(.*)\.ts$/, 'dist/$1.js')];
    const built = places.find((place) => existsSync(path.join(folder, place)));
    expect(run(folder, built ?? file)).toBe('');
  });

  it.skipIf(hostFiles.length === 0).each(hostFiles)('passes fairlead check: $file', ({ file }) => {
    expect(run(folder, cli, 'check', file)).toBe('');
  });

  it.skipIf(scenarios.length === 0).each(scenarios)('is simulated: $file', ({ file }) => {
    expect(run(folder, cli, 'simulate', file, '--for', '200ms')).toBe('');
  });
});

describe('the check of the pages', () => {
  afterAll(() => rmSync(workshop, { recursive: true, force: true }));

  it('finds the page for plugin authors', () => {
    const page = pages.find(({ file }) => file === 'docs/writing-a-plugin.md');
    expect(page?.blocks.filter(({ file }) => file !== '').map(({ file }) => file)).toContain('src/express-lane.ts');
  });

  it('refuses code that does not compile and names the line', () => {
    const page = [
      '```ts',
      "import { quantity } from '@fairlead/sdk';",
      "quantity('1Mbps', 'furlongs');",
      '```',
      '',
    ].join('\n');
    expect(compile(path.join(workshop, 'wrong'), filesOf(blocksOf(page)))).toEqual([
      "line-1.ts:2: Argument of type '\"furlongs\"' is not assignable to parameter of type 'Unit'.",
    ]);
  });

  it('leaves fragments alone', () => {
    expect(compile(path.join(workshop, 'fragment'), filesOf(blocksOf('```ts fragment\nnot code\n```\n')))).toEqual([]);
  });

  it('says what a program printed when it failed', () => {
    expect(run(root, '-e', "console.log('so it was'); process.exit(3)")).toBe('exit 3\nso it was\n');
  });
});
