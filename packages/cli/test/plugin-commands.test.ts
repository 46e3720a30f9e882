import { isFairleadError } from '@fairlead/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { list } from '../src/plugins/list.ts';
import { show } from '../src/plugins/show.ts';
import { test } from '../src/plugins/test.ts';
import { distributionModule, PluginFolder } from './plugin-folder.ts';
import { WrittenLines } from './written-lines.ts';

let folder: PluginFolder;
const fairlead = (name: string, more = {}) => ({ kind: 'load-distribution', name, apiVersion: 1, ...more });

beforeAll(() => {
  folder = new PluginFolder();
  const options = "lane: Type.Integer({ default: 0, minimum: 0, description: 'Which lane.' }), label: Type.String()";
  folder.install('their-lanes', { fairlead: fairlead('lanes') }, distributionModule('lanes', { options }));
  folder.install(
    '@acme/keeper',
    { fairlead: fairlead('keeper') },
    distributionModule('keeper', { body: 'this.kept = batch;' }),
  );
  folder.install('worse', { fairlead: fairlead('worse') }, distributionModule('worse', { body: 'batch.vm = 7;' }));
  folder.install('says-little', {}, distributionModule('says-little'));
  folder.install('from-the-future', { fairlead: fairlead('later', { apiVersion: 9 }) }, 'throw new Error("it ran");');
  folder.write('node_modules/no-plugin/package.json', '{ "name": "no-plugin" }');
  folder.write('node_modules/broken/package.json', '{ not JSON');
  folder.write('single.mjs', distributionModule('single'));
});
afterAll(() => folder.remove());

async function told(
  work: (output: WrittenLines) => number | Promise<number>,
): Promise<{ code: number; output: WrittenLines }> {
  const output = new WrittenLines();
  return { code: await work(output), output };
}

/** What a command gives up with, as `what | mend | code`. */
async function refusalOf(work: (output: WrittenLines) => Promise<number>): Promise<string> {
  try {
    await work(new WrittenLines());
  } catch (error) {
    if (isFairleadError(error)) return `${error.what} | ${error.mend} | ${error.code}`;
    throw error;
  }
  return 'not refused';
}

describe('fairlead plugin list', () => {
  it('lists what is installed in the folder, with what it says of itself, and what comes with the command', async () => {
    const { code, output } = await told((lines) => list(folder.path, { json: true }, lines));
    const { version, plugins } = output.objects[0] as {
      version: number;
      plugins: { package: string; bundled: boolean }[];
    };
    expect([code, version]).toEqual([0, 1]);
    expect(plugins.filter(({ bundled }) => !bundled)).toEqual(
      [
        {
          ...fairlead('keeper'),
          package: '@acme/keeper',
          version: '1.2.3',
          where: 'node_modules/@acme/keeper',
          bundled: false,
        },
        {
          ...fairlead('lanes'),
          package: 'their-lanes',
          version: '1.2.3',
          where: 'node_modules/their-lanes',
          bundled: false,
        },
        {
          ...fairlead('later', { apiVersion: 9 }),
          package: 'from-the-future',
          version: '1.2.3',
          where: 'node_modules/from-the-future',
          bundled: false,
        },
        { ...fairlead('worse'), package: 'worse', version: '1.2.3', where: 'node_modules/worse', bundled: false },
        { package: 'says-little', version: '1.2.3', where: 'node_modules/says-little', bundled: false },
      ].sort(
        (a, b) => plugins.findIndex((p) => p.package === a.package) - plugins.findIndex((p) => p.package === b.package),
      ),
    );
    expect(plugins.filter(({ bundled }) => bundled).map((plugin) => plugin.package)).toContain(
      '@fairlead/nic-driver-memory',
    );
  });

  it('says the same to people, a line for each, with a question mark for what is not said', async () => {
    const { output } = await told((lines) => list(folder.path, {}, lines));
    const said = output.printed.map((line) => line.replace(/ +/g, ' '));
    expect(said[0]).toBe('KIND NAME VERSION API PACKAGE');
    expect(said).toContain('load-distribution lanes 1.2.3 1 their-lanes (node_modules/their-lanes)');
    expect(said).toContain('? ? 1.2.3 ? says-little (node_modules/says-little)');
    expect(said).toContain('load-distribution round-robin 0.1.0 1 @fairlead/load-distribution-round-robin (bundled)');
  });
});

describe('fairlead plugin show', () => {
  const shown = (use: string, json = false) => told((lines) => show(use, { folder: folder.path, json }, lines));

  it('says where a plugin runs, what it is given, and its options with types, units and defaults', async () => {
    const { output } = await shown('their-lanes');
    expect(output.printed).toEqual([
      'load-distribution lanes',
      '  package: their-lanes 1.2.3',
      '  module: node_modules/their-lanes/index.js',
      '  version of the extension point: 1',
      '  runs: data path, for each batch; one instance for each forwarding worker',
      '  on failure: put aside; its fallback decides the same batch anew',
      '  hooks: select',
      '  is given: Nics, Options',
      '  on a swap: its successor begins anew',
      'options',
      '  lane: integer; at least 0; default 0',
      '      Which lane.',
      '  label: text; required',
    ]);
  });

  it.each(['./single.mjs', './node_modules/their-lanes', './node_modules/their-lanes/index.js', 'round-robin'])(
    'finds %s',
    async (use) => {
      const { code, output } = await shown(use, true);
      expect([code, (output.objects[0] as { plugins: unknown[] }).plugins.length]).toEqual([0, 1]);
    },
  );

  it('shows all that a name may mean', async () => {
    const { output } = await shown('memory', true);
    const { plugins } = output.objects[0] as { plugins: { kind: string; options: { path: string }[] }[] };
    expect(plugins.map(({ kind }) => kind)).toEqual(['nic-driver', 'device-emulator']);
    expect(plugins[1]?.options.map(({ path }) => path)).toContain('traffic.rateBps');
  });

  it.each([
    ['their-lane', 'there is no plugin "their-lane" | did you mean "their-lanes"? | FAIRLEAD_ERR_PLUGIN_NOT_FOUND'],
    ['zzz', 'there is no plugin "zzz" | fairlead plugin list shows what there is | FAIRLEAD_ERR_PLUGIN_NOT_FOUND'],
    [
      'from-the-future',
      /^".*" was written for version 9 of load-distribution, this host has version 1 \| update Fairlead \| FAIRLEAD_ERR_PLUGIN_API_VERSION$/,
    ],
  ])('says why there is nothing to show of %s', async (use, said) => {
    expect(await refusalOf((lines) => show(use, { folder: folder.path }, lines))).toMatch(said);
  });
});

describe('fairlead plugin test', () => {
  const tested = (use: string, flags = {}) =>
    told((lines) => test([use], { folder: folder.path, rounds: 5, ...flags }, lines));

  it('tries the laws one by one and says that all hold', async () => {
    const { code, output } = await tested('round-robin');
    expect(code).toBe(0);
    expect(output.printed[0]).toMatch(/^load-distribution round-robin: \d+ laws, seed 1$/);
    expect(output.printed.slice(1, -1).filter((line) => !line.startsWith('  ✓ '))).toEqual([]);
    expect(output.printed.at(-1)).toBe('all hold');
  });

  it('tells a broken one with the smallest scenario that breaks it, and how to see it again', async () => {
    const { code, output } = await tested('worse', { seed: 5 });
    expect(code).toBe(1);
    const at = output.printed.indexOf('  ✗ writes nothing of the batch but the NIC');
    expect(output.printed.slice(at + 1, at + 3)).toEqual([
      expect.stringMatching(/^ {6}\S/),
      expect.stringMatching(/^ {6}/),
    ]);
    expect(output.printed.at(-1)).toMatch(/^\d+ of \d+ do not hold; again with: fairlead plugin test worse --seed 5$/);
  });

  it('gives programs the seed and the scenario of each', async () => {
    const { code, output } = await tested('worse', { json: true });
    const [result] = output.objects as {
      version: number;
      ok: boolean;
      seed: number;
      laws: { ok: boolean; scenario?: string }[];
    }[];
    expect([code, result?.version, result?.ok, result?.seed]).toEqual([1, 1, false, 1]);
    const broken = result?.laws.filter(({ ok }) => !ok) ?? [];
    expect(broken.length).toBeGreaterThan(0);
    for (const { scenario } of broken) expect(scenario).toMatch(/frames/);
  });
});
