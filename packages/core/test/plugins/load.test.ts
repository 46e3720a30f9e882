import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PluginDefinition } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDefinition, loadPlugin, locatePlugins } from '../../src/plugins/load.ts';
import { manifestOf } from '../../src/plugins/manifest.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const lastNic = path.join(fixtures, 'last-nic.mjs');
const bundled = fileURLToPath(new URL('../../../../test', import.meta.url));
let folder: string;

/** Installs a package whose module is the one of the fixture, or a text. */
function install(name: string, exports: unknown, fairlead?: unknown, text?: string): string {
  const at = path.join(folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name, type: 'module', exports, fairlead }));
  const fixture = `export { default } from ${JSON.stringify(pathToFileURL(lastNic).href)};\n`;
  writeFileSync(path.join(at, 'main.js'), text ?? fixture);
  return at;
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fairlead-load-'));
  install('their-policy', { '.': './main.js' });
  install('@fairlead/load-distribution-installed', { '.': './main.js' });
  install('@acme/only-for-import', { '.': { types: './main.d.ts', import: './main.js' } });
  install('@acme/exports-nothing', { './other': './main.js' });
});

afterAll(() => rmSync(folder, { recursive: true }));

const load = (use: string, bases: readonly string[] = [folder], kind = 'load-distribution' as const) =>
  loadPlugin(kind, use, bases, 'distribution.use');

describe('a plugin is found', () => {
  it.each([
    ['by a path from the first base', './last-nic.mjs', [fixtures]],
    [
      'by a path from the module that is the first base',
      './last-nic.mjs',
      [pathToFileURL(path.join(fixtures, 'any.mjs')).href],
    ],
    ['by an absolute path', lastNic, ['/nowhere']],
    ['by the URL of its module', pathToFileURL(lastNic).href, []],
  ])('%s', async (_, use, bases) => {
    const { definition, module } = await load(use, bases);
    expect([definition.name, module]).toEqual(['last-nic', pathToFileURL(lastNic).href]);
  });

  it.each(['their-policy', 'installed', '@fairlead/load-distribution-installed', '@acme/only-for-import'])(
    'as the package %s, in a base that has it',
    async (use) => {
      const { definition, module } = await load(use, ['/nowhere', folder]);
      expect(definition.name).toBe('last-nic');
      expect(module).toMatch(/^file:.*main\.js$/);
    },
  );

  it('among the bundled ones, by its kind and name', async () => {
    const { definition } = await load('round-robin', [bundled]);
    expect([definition.kind, definition.name]).toEqual(['load-distribution', 'round-robin']);
  });
});

describe('a plugin is refused', () => {
  it.each([['no-such-policy'], ['./no-such-file.mjs'], ['@acme/exports-nothing'], ['not a name at all'], ['../..']])(
    'when nothing is found under %s',
    async (use) => {
      await expect(load(use)).rejects.toMatchObject({
        code: 'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
        where: 'distribution.use',
        mend: expect.stringContaining('./my-plugin.js'),
      });
    },
  );

  it('when its module exports none', async () => {
    await expect(load('./no-plugin.mjs', [fixtures])).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_INVALID',
      message: expect.stringContaining('"./no-plugin.mjs" is not a plugin'),
    });
  });

  it('when its module cannot be loaded, with the cause', async () => {
    await expect(load('./fails-to-load.mjs', [fixtures])).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_INVALID',
      message: expect.stringContaining('the licence server does not answer'),
      cause: expect.any(Error),
    });
  });

  it('in the place of another kind', async () => {
    await expect(loadPlugin('admission', './last-nic.mjs', [fixtures], 'admission.use')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_KIND',
      where: 'admission.use',
      message: expect.stringContaining('is a load-distribution plugin, not a admission plugin'),
    });
  });

  it('when it is of another version of its extension point, and it is said which of the two is old', async () => {
    await expect(load('./from-the-future.mjs', [fixtures])).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_API_VERSION',
      mend: 'update Fairlead',
    });
    const { definition } = await load(lastNic);
    const older = Object.defineProperty({ ...definition, apiVersion: 0 }, Symbol.for('fairlead.plugin'), {
      value: true,
    });
    expect(() => checkDefinition('load-distribution', older as PluginDefinition, 'x', 'y')).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_API_VERSION', mend: 'update the plugin' }),
    );
  });

  it.each([undefined, null, 5, 'x', {}, { kind: 'load-distribution', name: 'x', apiVersion: 1 }])(
    'when it is %j',
    (value) => {
      expect(() => checkDefinition('load-distribution', value, 'x', 'y')).toThrow(
        expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_INVALID', where: 'y' }),
      );
    },
  );
});

describe('the manifest of a package', () => {
  const trap = "globalThis.fairleadTrap = true;\nthrow new Error('it ran');\n";

  it('refuses another version before any code of the package has run', async () => {
    install('too-new', './main.js', { kind: 'load-distribution', name: 'too-new', apiVersion: 2 }, trap);
    await expect(load('too-new')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_API_VERSION',
      what: '"too-new" was written for version 2 of load-distribution, this host has version 1',
      mend: 'update Fairlead',
    });
    expect('fairleadTrap' in globalThis).toBe(false);
  });

  it('refuses another kind before any code of the package has run, by name and by path', async () => {
    const at = install('shaper', { '.': './main.js' }, { kind: 'admission', name: 'shaper', apiVersion: 1 }, trap);
    for (const use of ['shaper', path.join(at, 'main.js')]) {
      await expect(load(use)).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_PLUGIN_KIND', where: 'distribution.use' });
    }
    expect('fairleadTrap' in globalThis).toBe(false);
  });

  it('says nothing of another module of the same package, nor when it is no manifest', async () => {
    const at = install('several', { '.': './main.js' }, { kind: 'admission', name: 'several', apiVersion: 1 });
    writeFileSync(
      path.join(at, 'second.js'),
      `export { default } from ${JSON.stringify(pathToFileURL(lastNic).href)};\n`,
    );
    expect((await load(path.join(at, 'second.js'))).definition.name).toBe('last-nic');
    for (const [i, fairlead] of [null, 'x', [], { kind: 5, apiVersion: '2' }].entries()) {
      install(`odd-${i}`, './main.js', fairlead);
      expect((await load(`odd-${i}`)).definition.name).toBe('last-nic');
    }
  });

  it('is read of a package of CommonJS ways, too: by main, or index.js', () => {
    const at = install('old-ways', undefined, { kind: 'admission', name: 'old-ways', apiVersion: 1 });
    writeFileSync(path.join(at, 'index.js'), '');
    const manifest = manifestOf(pathToFileURL(path.join(at, 'index.js')).href);
    expect(manifest).toMatchObject({ package: 'old-ways', version: '', kind: 'admission', apiVersion: 1 });
    expect(manifestOf(pathToFileURL(path.join(at, 'main.js')).href)).toBeUndefined();
    expect(manifestOf('data:text/javascript,')).toBeUndefined();
  });
});

describe('a name without a kind', () => {
  it('means each bundled plugin that has it', () => {
    const found = locatePlugins('memory', [bundled]).map((module) => manifestOf(module)?.package);
    expect(found).toEqual(['@fairlead/nic-driver-memory', '@fairlead/device-emulator-memory']);
  });

  it('means nothing when nothing has it', () => {
    expect(locatePlugins('no-such-policy', [folder])).toEqual([]);
    expect(locatePlugins('./no-such-file.mjs', [folder])).toEqual([]);
  });
});
