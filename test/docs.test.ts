import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';

/*
 * The code in the pages is held to be true. In README.md and docs/*.md
 *   ```ts             is a whole module and must compile,
 *   ```ts fragment    is not, and is left alone,
 *   ```ts src/a.ts    is a file (so are json, js and yaml with a path): the files of a page are put into one folder,
 *                     the TypeScript is compiled by the page's own tsconfig.json, what has a path is run, and a host
 *                     file must pass `fairlead check`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const cli = path.join(root, 'packages/cli/bin/fairlead.mjs');
// Below test/, so that the packages of the workspace are found by name.
const workshop = path.join(root, 'test/out/docs');

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

const parsed = new Map<string, ts.SourceFile>();

/** A compiler host that reads each declaration file once for all pages, which is most of the work. */
function hostWithCache(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...how) => {
    const known = parsed.get(file) ?? read(file, ...how);
    if (known !== undefined && file.endsWith('.d.ts')) parsed.set(file, known);
    return known;
  };
  return host;
}

/** Writes a page's code into a folder of its own and compiles it; returns what the compiler says, a line each. */
function compile(folder: string, blocks: readonly Block[]): string[] {
  rmSync(folder, { recursive: true, force: true });
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  write('package.json', '{ "type": "module" }');
  const compilerOptions = { rootDir: '.', outDir: 'dist', composite: false, incremental: false, noUnusedLocals: false };
  write(
    'tsconfig.json',
    JSON.stringify({
      extends: path.join(root, 'tsconfig.base.json'),
      compilerOptions,
      include: ['**/*.ts'],
      exclude: ['dist'],
    }),
  );
  for (const block of blocks) {
    if (block.file === 'fragment') continue;
    if (block.file !== '') write(block.file, block.text);
    else if (block.language === 'ts') write(`src/line-${block.line}.ts`, block.text);
  }
  const config = ts.getParsedCommandLineOfConfigFile(path.join(folder, 'tsconfig.json'), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, ' '));
    },
  });
  if (config === undefined || config.fileNames.length === 0) return [];
  // Declarations of packages are the packages' business; their own build has checked them.
  const options = { ...config.options, skipLibCheck: true };
  const program = ts.createProgram(config.fileNames, options, hostWithCache(options));
  const { diagnostics } = program.emit();
  return [...config.errors, ...ts.getPreEmitDiagnostics(program), ...diagnostics].map((diagnostic) => {
    const { file, start = 0, messageText } = diagnostic;
    const place =
      file === undefined
        ? 'tsconfig.json'
        : `${path.basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}`;
    return `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
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

const inDocs = readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));
const pages = ['README.md', ...inDocs.map((file) => `docs/${file}`)]
  .map((file) => ({ file, blocks: blocksOf(readFileSync(path.join(root, file), 'utf8')) }))
  .filter(({ blocks }) => blocks.some(({ language, file }) => language === 'ts' || file !== ''));

describe.each(pages)('the code in $file', ({ file, blocks }) => {
  const folder = path.join(workshop, file.replace(/\W+/g, '-'));
  const programs = blocks.filter(({ language, file }) => /^(ts|js)$/.test(language) && file.includes('.'));
  const hostFiles = blocks.filter(({ language, file }) => language === 'yaml' && file !== '');

  // The first one reads the libraries, too.
  it('compiles', { timeout: 60_000 }, () => {
    expect(compile(folder, blocks)).toEqual([]);
  });

  it.skipIf(programs.length === 0).each(programs)('runs: $file', ({ file }) => {
    expect(run(folder, file.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'))).toBe('');
  });

  it.skipIf(hostFiles.length === 0).each(hostFiles)('passes fairlead check: $file', ({ file }) => {
    expect(run(folder, cli, 'check', file)).toBe('');
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
    expect(compile(path.join(workshop, 'wrong'), blocksOf(page))).toEqual([
      "line-1.ts:2: Argument of type '\"furlongs\"' is not assignable to parameter of type 'Unit'.",
    ]);
  });

  it('leaves fragments alone', () => {
    expect(compile(path.join(workshop, 'fragment'), blocksOf('```ts fragment\nnot code\n```\n'))).toEqual([]);
  });

  it('says what a program printed when it failed', () => {
    expect(run(root, '-e', "console.log('so it was'); process.exit(3)")).toBe('exit 3\nso it was\n');
  });
});
