import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../src/plugins/doctor/finding.ts';
import { doctor } from '../src/plugins/doctor.ts';
import { distributionModule, PluginFolder } from './plugin-folder.ts';
import { WrittenLines } from './written-lines.ts';

const tsyringe = fileURLToPath(new URL(`../../sdk/node_modules/${'tsyringe'}`, import.meta.url));
let folder: PluginFolder;
beforeEach(() => {
  folder = new PluginFolder();
});
afterEach(() => folder.remove());

const fairlead = (name: string, more = {}) => ({
  fairlead: { kind: 'load-distribution', name, apiVersion: 1, ...more },
});

/** What a doctor finds in the folder, a line for each; and its exit code. */
async function found(file?: string): Promise<{ code: number; lines: string[] }> {
  const output = new WrittenLines();
  const code = await doctor(file, { json: true, folder: folder.path }, output);
  const { findings } = output.objects[0] as { findings: Finding[] };
  return {
    code,
    lines: findings.map(({ severity, where, what, code: error }) => `${severity} ${where}: ${what} [${error}]`),
  };
}

describe('fairlead plugin doctor', () => {
  it('finds nothing wrong with the plugins that come with the command', async () => {
    const output = new WrittenLines();
    const empty = mkdtempSync(path.join(tmpdir(), 'fairlead-doctor-'));
    expect(await doctor(undefined, { folder: empty }, output)).toBe(0);
    rmSync(empty, { recursive: true });
    expect(output.told).toEqual([]);
    expect(output.printed).toEqual([expect.stringMatching(/^\d+ plugins: nothing wrong$/)]);
  });

  it('finds a second copy of the sdk, and who gets it', async () => {
    folder.install('theirs', fairlead('theirs'), distributionModule('theirs'));
    folder.copyFor('theirs', '@fairlead/sdk', '0.1.7', tsyringe);
    const { code, lines } = await found();
    expect(code).toBe(1);
    expect(lines[0]).toMatch(
      /^error @fairlead\/sdk: there are 2 copies of @fairlead\/sdk: 0\.1\.0 in .*\/sdk \(for fairlead, .* more\); 0\.1\.7 in node_modules\/theirs\/node_modules\/@fairlead\/sdk \(for theirs\) \[FAIRLEAD_ERR_PLUGIN_COPIES\]$/,
    );
    expect(lines.filter((line) => line.includes('copies of tsyringe'))).toEqual([]);
  });

  it('finds a second copy of tsyringe behind a second sdk', async () => {
    folder.install('theirs', fairlead('theirs'), distributionModule('theirs'));
    const other = folder.install('tsyringe', { keywords: [], exports: { './package.json': './package.json' } }, '');
    folder.copyFor('theirs', '@fairlead/sdk', '0.1.7', other);
    const { lines } = await found();
    expect(lines[1]).toMatch(/^error tsyringe: there are 2 copies of tsyringe: .* 1\.2\.3 in node_modules\/tsyringe /);
  });

  const own = 'error theirs: ';
  it.each<[string, object, string]>([
    [
      'a peer range that the sdk here is not in',
      { ...fairlead('theirs'), peerDependencies: { '@fairlead/sdk': '^2.0.0' } },
      'it wants @fairlead/sdk ^2.0.0 and gets 0.1.0 [FAIRLEAD_ERR_PLUGIN_PEER]',
    ],
    [
      'a peer range that is none',
      { ...fairlead('theirs'), peerDependencies: { '@fairlead/sdk': 'newest' } },
      'it wants @fairlead/sdk newest, which is no range [FAIRLEAD_ERR_PLUGIN_PEER]',
    ],
    [
      'an sdk among the dependencies',
      { ...fairlead('theirs'), dependencies: { '@fairlead/sdk': '^0.1.0' } },
      'it brings an @fairlead/sdk of its own [FAIRLEAD_ERR_PLUGIN_PEER]',
    ],
    [
      'no word of the sdk',
      { ...fairlead('theirs'), peerDependencies: {} },
      'it does not say which @fairlead/sdk it wants [FAIRLEAD_ERR_PLUGIN_PEER]',
    ],
    [
      'a Node.js that is not this one',
      { ...fairlead('theirs'), engines: { node: '>=99' } },
      `it wants Node.js >=99 and runs on ${process.versions.node} [FAIRLEAD_ERR_PLUGIN_PEER]`,
    ],
    [
      'another version of the extension point',
      fairlead('theirs', { apiVersion: 2 }),
      'it was written for version 2 of load-distribution, this host has version 1 [FAIRLEAD_ERR_PLUGIN_API_VERSION]',
    ],
    [
      'a kind that does not exist',
      fairlead('theirs', { kind: 'shaper' }),
      'there is no kind of plugin "shaper" [FAIRLEAD_ERR_PLUGIN_KIND]',
    ],
    [
      'a manifest that says nothing',
      {},
      'its package.json does not say its kind, name, apiVersion [FAIRLEAD_ERR_PLUGIN_MANIFEST]',
    ],
    [
      'a manifest that says another name',
      fairlead('ours'),
      'its package.json says name ours, its module theirs [FAIRLEAD_ERR_PLUGIN_MANIFEST]',
    ],
    [
      'a manifest that says another kind',
      fairlead('theirs', { kind: 'admission' }),
      expect.stringMatching(
        /says another thing than its module: .* is a load-distribution plugin/,
      ) as unknown as string,
    ],
  ])('finds %s', async (_, manifest, said) => {
    folder.install('theirs', manifest, distributionModule('theirs'));
    const { code, lines } = await found();
    expect([code, lines]).toEqual([1, [typeof said === 'string' ? own + said : said]]);
  });

  it('finds a module that does not load, or was not built', async () => {
    folder.install('theirs', fairlead('theirs'), 'throw new Error("no licence");');
    folder.install('unbuilt', { ...fairlead('unbuilt'), exports: './dist/index.js' }, '');
    const { lines } = await found();
    expect(lines).toEqual([
      expect.stringMatching(/^error theirs: plugin ".*" cannot be loaded: no licence \[FAIRLEAD_ERR_PLUGIN_INVALID\]$/),
      expect.stringMatching(/^error unbuilt: .* \[FAIRLEAD_ERR_PLUGIN_NOT_FOUND\]$/),
    ]);
  });
});

describe('fairlead plugin doctor of a host file', () => {
  const host = (distribution: string): string =>
    folder.write(
      'host.yaml',
      `nics:
  - { name: up0, driver: { use: memory } }
  - { name: up1, driver: { use: memory } }
vms:
  - { name: a, mac: "52:54:00:00:00:01", device: { use: memory } }
distribution: ${distribution}
`,
    );

  it('warns of an option that the policy never reads with these options, at its place', async () => {
    const options =
      'lane: Type.Integer({ default: 0 }), wide: Type.Boolean({ default: false }), deep: Type.Object({ a: Type.Integer({ default: 1 }), b: Type.Integer({ default: 1 }) }, { default: {} })';
    const body = 'if (this.options.wide) void this.options.lane; void this.options.deep.a;';
    folder.write('lanes.mjs', distributionModule('lanes', { options, body }));
    const narrow = await found(host('{ use: ./lanes.mjs, options: { wide: false, lane: 3, deep: { a: 2, b: 2 } } }'));
    expect(narrow.code).toBe(0);
    const never = 'while it was tried with these options [FAIRLEAD_ERR_PLUGIN_OPTION_UNUSED]';
    expect(narrow.lines).toEqual([
      `warning ${folder.path}/host.yaml:6:59 distribution.options.lane: load-distribution plugin "lanes" never read "lane" ${never}`,
      `warning ${folder.path}/host.yaml:6:82 distribution.options.deep.b: load-distribution plugin "lanes" never read "deep.b" ${never}`,
    ]);
    const wide = await found(host('{ use: ./lanes.mjs, options: { wide: true, lane: 3, deep: { a: 2 } } }'));
    expect(wide.lines).toEqual([]);
  });

  it('takes an option for read that is copied whole, or read when a NIC has left', async () => {
    const options = 'lane: Type.Integer({ default: 0 }), later: Type.Integer({ default: 0 })';
    folder.write('copier.mjs', distributionModule('copier', { options, body: 'void { ...this.options };' }));
    expect((await found(host('{ use: ./copier.mjs, options: { lane: 1, later: 1 } }'))).lines).toEqual([]);
    const rarely = 'void this.options.lane; if (this.nics.availableCount < this.nics.count) void this.options.later;';
    folder.write('rarely.mjs', distributionModule('rarely', { options, body: rarely }));
    expect((await found(host('{ use: ./rarely.mjs, options: { lane: 1, later: 1 } }'))).lines).toEqual([]);
  });

  it('looks at the fallback as well', async () => {
    folder.write('blind.mjs', distributionModule('blind', { options: 'lane: Type.Integer({ default: 0 })' }));
    const { lines } = await found(host('{ use: round-robin, fallback: { use: ./blind.mjs, options: { lane: 2 } } }'));
    expect(lines).toEqual([expect.stringContaining('distribution.fallback.options.lane: ')]);
  });

  it('says what check says of a file that is wrong', async () => {
    const output = new WrittenLines();
    const file = host('{ use: round-robbin }');
    expect(await doctor(file, {}, output)).toBe(1);
    expect(output.told).toContain('  mend: did you mean "round-robin"?');
    expect(output.printed).toEqual([expect.stringMatching(/ plugins and .*host\.yaml: 1 errors, 0 warnings$/)]);
  });
});
