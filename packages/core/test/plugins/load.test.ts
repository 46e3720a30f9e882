import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PluginDefinition } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDefinition, loadPlugin } from '../../src/plugins/load.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const lastNic = path.join(fixtures, 'last-nic.mjs');
const bundled = fileURLToPath(new URL('../../../../test', import.meta.url));
let folder: string;

/** Installs a package whose module is the one of the fixture. */
function install(name: string, exports: object): void {
  const at = path.join(folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
  writeFileSync(path.join(at, 'main.js'), `export { default } from ${JSON.stringify(pathToFileURL(lastNic).href)};\n`);
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
