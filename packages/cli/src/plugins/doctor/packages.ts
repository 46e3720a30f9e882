import { API_VERSIONS, isFairleadError, type PluginKind } from '@fairlead/sdk';
import { satisfies, validRange } from 'semver';
import { findPlugins } from '../found.ts';
import type { InstalledPlugin } from '../installed.ts';
import { copyFor, SDK } from './copies.ts';
import type { Finding } from './finding.ts';

/** What is wrong with a plugin's package: with whom it fits, and whether it is what its manifest says. */
export async function packageFindings(plugin: InstalledPlugin): Promise<Finding[]> {
  const findings = [...peerFindings(plugin), ...nodeFindings(plugin), ...pointFindings(plugin)];
  // What is for another host is not loaded: no host would.
  const foreign = findings.some(({ code }) => code !== 'FAIRLEAD_ERR_PLUGIN_PEER');
  return foreign ? findings : [...findings, ...(await moduleFindings(plugin))];
}

const error = (code: Finding['code'], where: string, what: string, mend: string): Finding => ({
  code,
  severity: 'error',
  what,
  where,
  mend,
});

function peerFindings({ package: where, manifest, folder }: InstalledPlugin): Finding[] {
  const peer = (what: string, mend: string) => [error('FAIRLEAD_ERR_PLUGIN_PEER', where, what, mend)];
  if (manifest.dependencies?.[SDK] !== undefined) {
    return peer(`it brings an ${SDK} of its own`, `move ${SDK} from its dependencies to its peerDependencies`);
  }
  const range = manifest.peerDependencies?.[SDK];
  if (range === undefined) return peer(`it does not say which ${SDK} it wants`, `add ${SDK} to its peerDependencies`);
  const copy = copyFor(folder, SDK);
  if (copy === undefined) return peer(`it finds no ${SDK}`, `install ${SDK}@${range} beside it`);
  // A range of this workspace, which pnpm writes out when it packs.
  if (range.startsWith('workspace:')) return [];
  if (validRange(range) === null) return peer(`it wants ${SDK} ${range}, which is no range`, 'write one, as ^0.1.0');
  if (satisfies(copy.version, range, { includePrerelease: true })) return [];
  return peer(`it wants ${SDK} ${range} and gets ${copy.version}`, `update the plugin, or install ${SDK}@${range}`);
}

function nodeFindings({ package: where, manifest }: InstalledPlugin): Finding[] {
  const range = manifest.engines?.['node'];
  if (range === undefined || validRange(range) === null || satisfies(process.versions.node, range)) return [];
  const what = `it wants Node.js ${range} and runs on ${process.versions.node}`;
  return [error('FAIRLEAD_ERR_PLUGIN_PEER', where, what, 'run it on a Node.js of that range')];
}

function pointFindings({ package: where, kind, name, apiVersion }: InstalledPlugin): Finding[] {
  if (kind === undefined || name === undefined || apiVersion === undefined) {
    const missing = Object.entries({ kind, name, apiVersion }).flatMap(([key, value]) =>
      value === undefined ? [key] : [],
    );
    const what = `its package.json does not say its ${missing.join(', ')}`;
    const mend = 'add "fairlead": { "kind": …, "name": …, "apiVersion": … }; fairlead plugin update does it';
    return [error('FAIRLEAD_ERR_PLUGIN_MANIFEST', where, what, mend)];
  }
  const present = API_VERSIONS[kind as PluginKind] as number | undefined;
  if (present === undefined) {
    const mend = `correct fairlead.kind in its package.json: one of ${Object.keys(API_VERSIONS).join(', ')}`;
    return [error('FAIRLEAD_ERR_PLUGIN_KIND', where, `there is no kind of plugin "${kind}"`, mend)];
  }
  if (apiVersion === present) return [];
  const what = `it was written for version ${apiVersion} of ${kind}, this host has version ${present}`;
  const mend = apiVersion > present ? 'update Fairlead' : 'update the plugin';
  return [error('FAIRLEAD_ERR_PLUGIN_API_VERSION', where, what, mend)];
}

/** Loads the plugin and compares it with its manifest. */
async function moduleFindings({ package: where, folder, ...said }: InstalledPlugin): Promise<Finding[]> {
  try {
    const [found] = await findPlugins(folder, folder);
    if (found === undefined) return [];
    const { kind, name, apiVersion } = found.definition;
    const lies = Object.entries({ kind, name, apiVersion }).filter(
      ([key, value]) => said[key as keyof typeof said] !== value,
    );
    return lies.map(([key, value]) => {
      const what = `its package.json says ${key} ${String(said[key as keyof typeof said])}, its module ${String(value)}`;
      return error('FAIRLEAD_ERR_PLUGIN_MANIFEST', where, what, 'make the two say the same');
    });
  } catch (cause) {
    if (!isFairleadError(cause)) throw cause;
    const lie = cause.code === 'FAIRLEAD_ERR_PLUGIN_KIND' || cause.code === 'FAIRLEAD_ERR_PLUGIN_API_VERSION';
    if (!lie) return [error(cause.code, where, cause.what, cause.mend ?? '')];
    const what = `its package.json says another thing than its module: ${cause.what}`;
    return [error('FAIRLEAD_ERR_PLUGIN_MANIFEST', where, what, 'make the two say the same')];
  }
}
