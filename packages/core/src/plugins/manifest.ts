import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * What the package of a plugin says of it, in package.json: known without running any of its code.
 *
 * @example
 * ```ts
 * import type { PluginManifest } from '@fairlead/core';
 *
 * const title = ({ kind, name, version }: PluginManifest): string => `${kind} ${name}, ${version}`;
 * ```
 */
export interface PluginManifest {
  /** The package.json. */
  readonly file: string;
  /** Name of the package. */
  readonly package: string;
  /** Version of the package. */
  readonly version: string;
  /** The fields of `fairlead`, as far as they are of the type that they should be. */
  readonly kind: string | undefined;
  /** Name of the plugin, when the manifest says it. */
  readonly name: string | undefined;
  /** Version of the extension point it was written for, when the manifest says it. */
  readonly apiVersion: number | undefined;
}

/**
 * The manifest of the plugin that a module is: of the package that it lies in, if that has the field `fairlead` and
 * exports this very module as its own. Undefined for any other module, and for one that is no file.
 *
 * @example
 * ```ts
 * import { locatePlugins, manifestOf, type PluginManifest } from '@fairlead/core';
 *
 * const [module] = locatePlugins('shaping-filter', [process.cwd()], ['admission']);
 * const manifest: PluginManifest | undefined = module === undefined ? undefined : manifestOf(module);
 * console.log(manifest?.package, manifest?.apiVersion);
 * ```
 */
export function manifestOf(module: string): PluginManifest | undefined {
  if (!module.startsWith('file:')) return undefined;
  const path = fileURLToPath(module);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return readManifest(file, module);
    if (folder === dirname(folder)) return undefined;
  }
}

function readManifest(file: string, module: string): PluginManifest | undefined {
  let manifest: Readonly<Record<string, unknown>>;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined; // Node.js says what is wrong with it when it loads the module
  }
  const fairlead = manifest['fairlead'] as Readonly<Record<string, unknown>> | null | undefined;
  if (typeof fairlead !== 'object' || fairlead === null) return undefined;
  const main = exportedModule(manifest, '');
  if (main === undefined || pathToFileURL(join(dirname(file), main)).href !== module) return undefined;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const { kind, name, apiVersion } = fairlead;
  return {
    file,
    package: text(manifest['name']) ?? '',
    version: text(manifest['version']) ?? '',
    kind: text(kind),
    name: text(name),
    apiVersion: typeof apiVersion === 'number' ? apiVersion : undefined,
  };
}

/**
 * The path, within its package, of the module that a package exports for `import` under a subpath (`''`, or `/name`):
 * Node.js, Packages, "Conditional exports".
 */
export function exportedModule(manifest: Readonly<Record<string, unknown>>, subpath: string): string | undefined {
  const { exports, main } = manifest;
  if (exports === undefined || exports === null)
    return subpath === '' ? (typeof main === 'string' ? main : 'index.js') : undefined;
  const entry = (exports as Readonly<Record<string, unknown>>)[`.${subpath}`];
  return targetForImport(entry ?? (subpath === '' ? exports : undefined));
}

function targetForImport(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return undefined;
  for (const [condition, value] of Object.entries(entry)) {
    const target = ['import', 'node', 'default'].includes(condition) ? targetForImport(value) : undefined;
    if (target !== undefined) return target;
  }
  return undefined;
}
