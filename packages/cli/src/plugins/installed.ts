import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { ownManifest } from '../version.ts';

/** A package that says of itself that it is a plugin. Nothing of it was loaded. */
export interface InstalledPlugin {
  readonly package: string;
  readonly version: string;
  /** As the manifest says; undefined where it does not. */
  readonly kind: string | undefined;
  readonly name: string | undefined;
  readonly apiVersion: number | undefined;
  /** The package's folder, with symbolic links followed. */
  readonly folder: string;
  /** Whether it comes with the command. */
  readonly bundled: boolean;
  /** The package.json as a whole. */
  readonly manifest: PackageManifest;
}

/** The parts of a package.json that say something here. */
export interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
  readonly keywords?: readonly string[];
  readonly fairlead?: unknown;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const KEYWORD = 'fairlead-plugin';

/**
 * The plugins that a host file in this folder could use by name: the folder's own package, those installed there or
 * above, and those that come with the command. In the order of kind and name.
 */
export function installedPlugins(folder: string): readonly InstalledPlugin[] {
  const found = new Map<string, InstalledPlugin>();
  const add = (at: string, bundled: boolean): void => {
    const plugin = pluginAt(at, bundled);
    if (plugin !== undefined && (bundled || !found.has(plugin.folder))) found.set(plugin.folder, plugin);
  };
  for (let at = resolve(folder); ; at = dirname(at)) {
    add(at, false);
    for (const installed of packagesIn(join(at, 'node_modules'))) add(installed, false);
    if (at === dirname(at)) break;
  }
  for (const at of bundledFolders()) add(at, true);
  const key = ({ kind = '', name = '', package: own }: InstalledPlugin): string => `${kind} ${name} ${own}`;
  return [...found.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Where a plugin is, for people: `bundled`, or its folder as seen from another. */
export function whereIs(plugin: InstalledPlugin, folder: string): string {
  return plugin.bundled ? 'bundled' : relative(realpathSync(folder), plugin.folder) || '.';
}

/** The plugin package in a folder; undefined when it is none. */
export function pluginAt(folder: string, bundled = false): InstalledPlugin | undefined {
  const manifest = readManifest(folder);
  if (manifest === undefined) return undefined;
  const fairlead = (typeof manifest.fairlead === 'object' && manifest.fairlead !== null ? manifest.fairlead : {}) as {
    readonly [field: string]: unknown;
  };
  const { kind, name, apiVersion } = fairlead;
  const isPlugin = typeof kind === 'string' || manifest.keywords?.includes(KEYWORD) === true;
  if (!isPlugin) return undefined;
  return {
    package: manifest.name ?? '',
    version: manifest.version ?? '',
    kind: typeof kind === 'string' ? kind : undefined,
    name: typeof name === 'string' ? name : undefined,
    apiVersion: typeof apiVersion === 'number' ? apiVersion : undefined,
    folder: realpathSync(folder),
    bundled,
    manifest,
  };
}

/** The package.json of a folder; undefined when there is none that can be read. */
export function readManifest(folder: string): PackageManifest | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null) return undefined;
    const { keywords } = manifest as PackageManifest;
    return { ...manifest, ...(Array.isArray(keywords) ? {} : { keywords: [] }) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The folders of the packages in a `node_modules`, those of scopes too. */
function packagesIn(modules: string): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? packagesIn(join(modules, name)) : [join(modules, name)];
  });
}

function bundledFolders(): string[] {
  const { resolve } = createRequire(import.meta.url);
  const own = Object.keys(ownManifest().dependencies).filter((name) => name.startsWith('@fairlead/'));
  return own.map((name) => dirname(resolve(`${name}/package.json`)));
}
