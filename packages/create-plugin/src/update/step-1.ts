import { API_VERSIONS, FairleadError, type PluginKind } from '@fairlead/sdk';
import type { PackageFiles, WrittenManifest } from './package-files.ts';
import type { Change, Step } from './step.ts';

const SDK = '@fairlead/sdk';
const KEYWORD = 'fairlead-plugin';
const SDK_RANGE = '^0.1.0';
const NODE_RANGE = '>=20.19';

/**
 * From a package that was written by hand to the first scaffold: the manifest says what it is, so that a host can refuse
 * it unread; the sdk is a peer, so that there is one copy; the source is for the present version of its extension point.
 */
export const step1: Step = {
  to: 1,
  about: 'the manifest says what the package is, and the sdk is a peer of it',
  apply(files, mayEditSource) {
    const source = sourceOf(files);
    const said = sayings(files, source);
    const present = presentVersion(said.kind);
    return [
      ...sourceChanges(files, source, present, mayEditSource),
      ...fieldChanges(files.manifest, { ...said, apiVersion: present }),
      ...peerChanges(files.manifest),
      ...manifestChanges(files.manifest),
      ...scriptChanges(files.manifest),
      ...testChanges(files),
    ];
  },
};

interface Source {
  readonly path: string;
  readonly text: string;
}

/** The module that calls definePlugin. */
function sourceOf(files: PackageFiles): Source | undefined {
  const { fairlead, name } = files.manifest as { fairlead?: { name?: string }; name?: string };
  const own = fairlead?.name ?? name?.replace(/^.*\//, '').replace(/^fairlead-/, '');
  for (const module of ['index', own]) {
    for (const extension of ['ts', 'js', 'mjs']) {
      const path = `src/${module}.${extension}`;
      const text = files.read(path);
      if (text?.includes('definePlugin(')) return { path, text };
    }
  }
  return undefined;
}

/** Kind and name: as the manifest says already, else as the source does. */
function sayings({ manifest }: PackageFiles, source: Source | undefined): { kind: PluginKind; name: string } {
  const call = source === undefined ? '' : source.text.slice(source.text.lastIndexOf('definePlugin('));
  const written = (manifest['fairlead'] ?? {}) as { kind?: unknown; name?: unknown };
  const kind = written.kind ?? /\bkind: *['"]([^'"]+)['"]/.exec(call)?.[1];
  const name = written.name ?? /\bname: *['"]([^'"]+)['"]/.exec(call)?.[1];
  if (typeof kind === 'string' && kind in API_VERSIONS && typeof name === 'string')
    return { kind: kind as PluginKind, name };
  throw new FairleadError('FAIRLEAD_ERR_SCAFFOLD_FOLDER', 'nothing says which plugin this package is', {
    where: source?.path ?? 'package.json',
    mend: 'write "fairlead": { "kind": …, "name": … } into its package.json, then update again',
  });
}

/** What this step knows as the present: later versions are later steps' business. */
function presentVersion(kind: PluginKind): number {
  return Math.min(1, API_VERSIONS[kind]);
}

function sourceChanges(
  files: PackageFiles,
  source: Source | undefined,
  present: number,
  mayEditSource: boolean,
): Change[] {
  const found = source === undefined ? null : /\bapiVersion: *(\d+)/.exec(source.text);
  if (source === undefined || found === null || Number(found[1]) >= present) return [];
  const line = source.text.slice(0, found.index).split('\n').length;
  const what = `apiVersion ${found[1]} becomes ${present}`;
  if (mayEditSource) files.change(source.path, source.text.replace(found[0], `apiVersion: ${present}`));
  return [{ where: `${source.path}:${line}`, what, ...(mayEditSource ? {} : { left: true }) }];
}

function fieldChanges(manifest: WrittenManifest, wanted: Readonly<Record<string, unknown>>): Change[] {
  const fairlead = { ...(manifest['fairlead'] as object | undefined) } as Record<string, unknown>;
  const changes: Change[] = [];
  for (const [key, value] of Object.entries(wanted)) {
    if (fairlead[key] === value) continue;
    const before = fairlead[key] === undefined ? '' : `, not ${String(fairlead[key])}`;
    changes.push({ where: 'package.json', what: `says fairlead.${key} ${String(value)}${before}` });
    fairlead[key] = value;
  }
  manifest['fairlead'] = fairlead;
  return changes;
}

function peerChanges(manifest: WrittenManifest): Change[] {
  const changes: Change[] = [];
  const section = (name: string): Record<string, string> => ({
    ...(manifest[name] as Record<string, string> | undefined),
  });
  const dependencies = section('dependencies');
  const range = dependencies[SDK] ?? SDK_RANGE;
  if (SDK in dependencies) {
    delete dependencies[SDK];
    manifest['dependencies'] = dependencies;
    if (Object.keys(dependencies).length === 0) delete manifest['dependencies'];
    changes.push({
      where: 'package.json',
      what: `takes ${SDK} out of dependencies: with two copies it would not load`,
    });
  }
  for (const name of ['peerDependencies', 'devDependencies']) {
    const entries = section(name);
    if (SDK in entries) continue;
    manifest[name] = { ...entries, [SDK]: range };
    changes.push({ where: 'package.json', what: `adds ${SDK} ${range} to ${name}` });
  }
  return changes;
}

function manifestChanges(manifest: WrittenManifest): Change[] {
  const changes: Change[] = [];
  const keywords = (manifest['keywords'] ?? []) as readonly string[];
  if (!keywords.includes(KEYWORD)) {
    manifest['keywords'] = [KEYWORD, ...keywords];
    changes.push({ where: 'package.json', what: `adds the keyword ${KEYWORD}` });
  }
  const engines = (manifest['engines'] ?? {}) as Readonly<Record<string, string>>;
  if (engines['node'] === undefined) {
    manifest['engines'] = { ...engines, node: NODE_RANGE };
    changes.push({ where: 'package.json', what: `says engines.node ${NODE_RANGE}` });
  }
  const { exports } = manifest;
  if (typeof exports === 'string') {
    manifest['exports'] = { '.': exports, './package.json': './package.json' };
    changes.push({ where: 'package.json', what: 'exports ./package.json, which tools read' });
  }
  return changes;
}

/** Scripts that an author has are left alone. */
function scriptChanges(manifest: WrittenManifest): Change[] {
  const scripts = (manifest['scripts'] ?? {}) as Readonly<Record<string, string>>;
  if (scripts['check'] !== undefined) return [];
  manifest['scripts'] = { ...scripts, check: 'fairlead plugin test .' };
  return [{ where: 'package.json', what: 'adds the script check: fairlead plugin test .' }];
}

/** A test that tries the laws one way or another is the author's; a missing one is only pointed out. */
function testChanges(files: PackageFiles): Change[] {
  const tests = ['test/plugin.test.ts', 'test/plugin.test.js', 'src/index.test.ts'].map((path) => files.read(path));
  if (tests.some((text) => text?.includes('conformanceLaws'))) return [];
  const what =
    'no test with conformanceLaws(plugin) is where the scaffold has it, in test/plugin.test; npm run check tries the laws';
  return [{ where: 'test', what, left: true }];
}
