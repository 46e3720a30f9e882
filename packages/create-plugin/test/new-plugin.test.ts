import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { isFairleadError } from '@fairlead/sdk';
import { CONFORMANCE_KINDS } from '@fairlead/sdk/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../src/manifest.ts';
import { newPlugin } from '../src/new-plugin.ts';
import { KINDS, LANGUAGES, pluginRequest, type WrittenRequest } from '../src/request.ts';
import { filesOf } from '../src/templates.ts';
import { writePlugin } from '../src/write.ts';

const workshop = mkdtempSync(path.join(tmpdir(), 'fairlead-new-'));
afterAll(() => rmSync(workshop, { recursive: true }));
let folders = 0;
const freshFolder = (): string => path.join(workshop, String(folders++));

/** What a request is refused with, as a person reads it. */
function refusalOf(written: WrittenRequest): string {
  try {
    writePlugin(pluginRequest(written));
  } catch (error) {
    if (isFairleadError(error)) return `${error.what} | ${error.where} | ${error.mend} | ${error.code}`;
    throw error;
  }
  return 'not refused';
}

const scenarioHost = (scenario: string): string | undefined => /^host: (.*)$/m.exec(scenario)?.[1];

const every = KINDS.flatMap((kind) => LANGUAGES.map((language) => ({ kind, language })));

describe.each(every)('a new $kind plugin in $language', ({ kind, language }) => {
  const files = filesOf(pluginRequest({ kind, language, name: 'express-lane' }));

  it('has its sources in that language, a test, a README and a licence', () => {
    const paths = [...files.keys()];
    expect(paths).toEqual(expect.arrayContaining(['.gitignore', 'LICENSE', 'README.md', 'package.json']));
    expect(paths).toEqual(expect.arrayContaining([`src/index.${language}`, `test/plugin.test.${language}`]));
    expect(paths.filter((file) => /^(src|test|js)\//.test(file) && !file.endsWith(`.${language}`))).toEqual([]);
    expect(paths.some((file) => file.startsWith('tsconfig'))).toBe(language === 'ts');
  });

  it('is called by its own name everywhere', () => {
    for (const [file, text] of files) expect(`${file}: ${/my-?plugin/i.exec(text)?.[0]}`).toBe(`${file}: undefined`);
    expect(files.get(`src/index.${language}`)).toContain('class ExpressLane');
    expect(files.get('README.md')).toContain('express-lane');
  });

  it('says in its manifest what it is and which sdk it wants', () => {
    expect(JSON.parse(files.get('package.json') as string)).toMatchObject({
      name: 'fairlead-express-lane',
      keywords: ['fairlead-plugin', kind],
      fairlead: { kind, name: 'express-lane', apiVersion: 1, scaffold: 1 },
      engines: { node: '>=20.19' },
      peerDependencies: { '@fairlead/sdk': '^0.1.0' },
    });
  });

  it('names in its scripts only files that it has', () => {
    const { scripts } = JSON.parse(files.get('package.json') as string) as { scripts: Record<string, string> };
    const named = Object.values(scripts).flatMap((script) => script.match(/\S+\.(ya?ml|json|js)\b/g) ?? []);
    for (const file of named) expect([...files.keys()]).toContain(file);
    const module = language === 'ts' ? './dist/index.js' : './src/index.js';
    const host = files.get('host.yaml');
    if (host !== undefined) expect(host).toContain(`use: ${module}`);
    const scenario = files.get('scenario.yaml');
    if (scenario !== undefined) expect([scenarioHost(scenario), host === undefined]).toEqual(['./host.yaml', false]);
  });
});

describe('a plugin package', () => {
  it('can be made of every kind that has laws, by a template of its own', () => {
    expect([...KINDS].sort()).toEqual([...CONFORMANCE_KINDS].sort());
    const templates = readdirSync(new URL('../templates', import.meta.url));
    expect(templates).toEqual(expect.arrayContaining([...KINDS, 'every']));
  });

  it('is written to a folder that is made for it, and said file by file', async () => {
    const folder = freshFolder();
    const lines: string[] = [];
    await newPlugin({ kind: 'admission', name: 'frame-budget', folder }, undefined, {
      print: (line) => lines.push(line),
    });
    expect(lines[0]).toMatch(/^admission plugin "frame-budget" in TypeScript: /);
    const said = lines.flatMap((line) => /^ {2}(\S+)$/.exec(line)?.[1] ?? []);
    expect(said.length).toBeGreaterThan(5);
    for (const file of said) expect(existsSync(path.join(folder, file))).toBe(true);
    expect(lines.slice(lines.indexOf('next:') + 1)).toContain('  npm test');
  });

  it('goes into a folder that a fresh clone has made', () => {
    const folder = freshFolder();
    mkdirSync(path.join(folder, '.git'), { recursive: true });
    expect(writePlugin(pluginRequest({ kind: 'admission', name: 'a', folder }))).toContain('package.json');
  });

  it('pins the tools that this repository is built with', () => {
    const root = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(root.devDependencies).toMatchObject(TOOLS);
  });
});

describe('a plugin package is refused', () => {
  it('without a kind or a name', () => {
    expect(refusalOf({ name: 'a' })).toMatch(/^no kind of plugin was named \| kind \| say --kind, one of admission, /);
    expect(refusalOf({ kind: 'detector' })).toBe(
      'the plugin has no name | name | say --name, as --name express-lane | FAIRLEAD_ERR_SCAFFOLD_REQUEST',
    );
  });

  it('for a kind or a language that does not exist', () => {
    expect(refusalOf({ kind: 'shaper', name: 'a' })).toMatch(
      /^there is no kind of plugin "shaper" \| kind \| use one of /,
    );
    expect(refusalOf({ kind: 'detector', name: 'a', language: 'rust' })).toBe(
      'no template is written in "rust" | language | use ts (TypeScript) or js (plain JavaScript) | FAIRLEAD_ERR_SCAFFOLD_REQUEST',
    );
  });

  it.each([
    ['ExpressLane', 'express-lane'],
    ['express_lane', 'express-lane'],
    ['2fast', 'fast'],
    ['-', 'my-policy'],
    ['../escape', 'escape'],
    ['a'.repeat(300), 'my-policy'],
  ])('for the name %s, and %s is proposed', (name, near) => {
    expect(refusalOf({ kind: 'detector', name })).toBe(
      `"${name}" is not a plugin name | name | use lower-case words joined by hyphens, as ${near} | FAIRLEAD_ERR_SCAFFOLD_REQUEST`,
    );
  });

  it('in a folder that holds something, and nothing there is touched', () => {
    const folder = freshFolder();
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'package.json'), 'mine');
    expect(refusalOf({ kind: 'detector', name: 'a', folder })).toBe(
      `the folder is not empty: it holds package.json | ${folder} | name another one, with --folder; nothing was written | FAIRLEAD_ERR_SCAFFOLD_FOLDER`,
    );
    expect(readFileSync(path.join(folder, 'package.json'), 'utf8')).toBe('mine');
  });

  it('where a file is in the way', () => {
    const file = freshFolder();
    writeFileSync(file, '');
    expect(refusalOf({ kind: 'detector', name: 'a', folder: file })).toMatch(/^the folder is not empty: it is a file /);
    expect(refusalOf({ kind: 'detector', name: 'a', folder: path.join(file, 'below') })).toMatch(/FOLDER$/);
  });
});

describe('the questions', () => {
  it('are asked for what was not said; a wrong answer is explained and asked for again', async () => {
    const folder = freshFolder();
    const [input, output] = [new PassThrough(), new PassThrough()];
    let asked = '';
    const answers = ['shaper', '2', 'Express Lane', 'express-lane', '', folder];
    output.on('data', (chunk: Buffer) => {
      asked += chunk.toString();
      if (chunk.toString().endsWith(': ')) input.write(`${answers.shift()}\n`);
    });
    const lines: string[] = [];
    await newPlugin({}, { input, output }, { print: (line) => lines.push(line) });
    expect(answers).toEqual([]);
    expect(asked).toContain('there is no kind of plugin "shaper"');
    expect(asked).toContain(
      '"Express Lane" is not a plugin name; use lower-case words joined by hyphens, as express-lane',
    );
    expect(lines[0]).toMatch(/^load-distribution plugin "express-lane" in TypeScript/);
  });

  it('end when the input does, and nothing is written', async () => {
    const folder = freshFolder();
    const input = new PassThrough();
    const asking = newPlugin({ folder }, { input, output: new PassThrough() }, { print: () => undefined });
    input.end();
    await expect(asking).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_SCAFFOLD_REQUEST' });
    expect(existsSync(folder)).toBe(false);
  });
});
