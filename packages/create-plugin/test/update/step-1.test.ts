import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isFairleadError } from '@fairlead/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pluginRequest } from '../../src/request.ts';
import { updatePlugin } from '../../src/update/update-plugin.ts';
import { writePlugin } from '../../src/write.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fairlead-update-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

function update(flags = {}): string[] {
  const lines: string[] = [];
  updatePlugin(folder, flags, { print: (line) => lines.push(line) });
  return lines.slice(1);
}

/** A package as the page for authors had it made by hand. */
const byHand = {
  name: 'fairlead-express-lane',
  version: '1.0.0',
  type: 'module',
  exports: './dist/express-lane.js',
  keywords: ['load-distribution'],
  scripts: { test: 'tsc && node --test dist/express-lane.test.js' },
  'a-field-of-theirs': { kept: true },
};
const source = (apiVersion: number) => `export default definePlugin({
  kind: 'load-distribution',
  name: 'express-lane',
  apiVersion: ${apiVersion},
});
`;

describe('the step to scaffold 1', () => {
  it('says in the manifest what the source says, and keeps what is the author’s', () => {
    write('package.json', `${JSON.stringify(byHand, null, 4)}\n`);
    write('src/express-lane.ts', source(1));
    expect(update()).toEqual([
      '0 to 1: the manifest says what the package is, and the sdk is a peer of it',
      '  package.json: says fairlead.kind load-distribution',
      '  package.json: says fairlead.name express-lane',
      '  package.json: says fairlead.apiVersion 1',
      '  package.json: adds @fairlead/sdk ^0.1.0 to peerDependencies',
      '  package.json: adds @fairlead/sdk ^0.1.0 to devDependencies',
      '  package.json: adds the keyword fairlead-plugin',
      '  package.json: says engines.node >=20.19',
      '  package.json: exports ./package.json, which tools read',
      '  package.json: adds the script check: fairlead plugin test .',
      '  test: no test with conformanceLaws(plugin) is where the scaffold has it, in test/plugin.test; npm run check tries the laws (left as it is)',
      'written: package.json',
    ]);
    expect(JSON.parse(read('package.json'))).toEqual({
      ...byHand,
      exports: { '.': './dist/express-lane.js', './package.json': './package.json' },
      keywords: ['fairlead-plugin', 'load-distribution'],
      scripts: { ...byHand.scripts, check: 'fairlead plugin test .' },
      engines: { node: '>=20.19' },
      peerDependencies: { '@fairlead/sdk': '^0.1.0' },
      devDependencies: { '@fairlead/sdk': '^0.1.0' },
      fairlead: { kind: 'load-distribution', name: 'express-lane', apiVersion: 1, scaffold: 1 },
    });
    expect(read('package.json')).toContain('\n    "version"');
    expect(read('src/express-lane.ts')).toBe(source(1));
  });

  it('is over after once', () => {
    write('package.json', JSON.stringify(byHand));
    write('src/index.js', source(1));
    update();
    const after = read('package.json');
    expect(update()).toEqual([]);
    expect(read('package.json')).toBe(after);
  });

  it('makes the sdk a peer where it was a dependency', () => {
    const dependencies = { '@fairlead/sdk': '~0.1.2', 'left-pad': '1.3.0' };
    write('package.json', JSON.stringify({ ...byHand, dependencies }));
    write('src/index.js', source(1));
    expect(update()).toContain(
      '  package.json: takes @fairlead/sdk out of dependencies: with two copies it would not load',
    );
    expect(JSON.parse(read('package.json'))).toMatchObject({
      dependencies: { 'left-pad': '1.3.0' },
      peerDependencies: { '@fairlead/sdk': '~0.1.2' },
    });
    expect(JSON.parse(read('package.json')).dependencies).toEqual({ 'left-pad': '1.3.0' });
  });

  it('leaves a source for an older extension point as it is, and the package with it, until it is allowed to', () => {
    const fairlead = { kind: 'load-distribution', name: 'express-lane', apiVersion: 0 };
    write('package.json', JSON.stringify({ ...byHand, fairlead }));
    write('src/index.ts', source(0));
    const before = read('package.json');
    const said = update();
    expect(said).toContain('  src/index.ts:4: apiVersion 0 becomes 1 (left as it is)');
    expect(said.at(-1)).toBe(
      'a source is of the older scaffold: change it by hand and update again, or update with --sources',
    );
    expect([read('package.json'), read('src/index.ts')]).toEqual([before, source(0)]);

    const allowed = update({ sources: true });
    expect(allowed).toContain('  package.json: says fairlead.apiVersion 1, not 0');
    expect(allowed.at(-1)).toBe('written: package.json, src/index.ts');
    expect(read('src/index.ts')).toBe(source(1));
  });

  it('writes nothing in a dry run', () => {
    write('package.json', JSON.stringify(byHand));
    write('src/index.ts', source(0));
    expect(update({ dryRun: true, sources: true }).at(-1)).toBe('nothing was written (--dry-run)');
    expect([read('package.json'), read('src/index.ts')]).toEqual([JSON.stringify(byHand), source(0)]);
  });

  it('has nothing to do with a new package', () => {
    rmSync(folder, { recursive: true });
    writePlugin(pluginRequest({ kind: 'admission', name: 'a', folder }));
    expect(update()).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no package.json', {}, 'this is not the package of a plugin: it has no package.json'],
    [
      'one that is no JSON',
      { 'package.json': '{' },
      'this is not the package of a plugin: its package.json is not JSON',
    ],
    [
      'one that is a list',
      { 'package.json': '[]' },
      'this is not the package of a plugin: its package.json holds no object',
    ],
    ['no word of a plugin', { 'package.json': '{ "name": "x" }' }, 'nothing says which plugin this package is'],
    ['a later scaffold', { 'package.json': '{ "fairlead": { "scaffold": 7 } }' }, 'the package is of scaffold 7'],
  ])('refuses a folder with %s', (_, files, said) => {
    for (const [file, text] of Object.entries(files)) write(file, text);
    try {
      update();
      expect.unreachable();
    } catch (error) {
      if (!isFairleadError(error)) throw error;
      expect([error.code, error.what.startsWith(said)]).toEqual(['FAIRLEAD_ERR_SCAFFOLD_FOLDER', true]);
    }
  });
});
