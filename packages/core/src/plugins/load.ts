import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { API_VERSIONS, FairleadError, isPluginDefinition, type PluginDefinition, type PluginKind } from '@fairlead/sdk';
import { exportedModule, manifestOf } from './manifest.ts';

/**
 * A plugin and the module it came from; `module` is what another thread loads it by.
 *
 * @example
 * ```ts
 * import { type LoadedPlugin, loadPlugin } from '@fairlead/core';
 *
 * const { definition, module }: LoadedPlugin<'nic-driver'> = await loadPlugin('nic-driver', 'memory', ['.'], 'nics[0]');
 * console.log(definition.name, module);
 * ```
 */
export interface LoadedPlugin<K extends PluginKind = PluginKind> {
  /** What its module exports as its default. */
  readonly definition: PluginDefinition<K>;
  /** Address of its module, by which a worker thread loads it again. */
  readonly module: string;
}

/**
 * Finds and loads a plugin: `./my-policy.js` is a path, `round-robin` the bundled `@fairlead/<kind>-round-robin`,
 * anything else the name of a package. Packages are looked for from each of `bases` in turn. A package whose manifest
 * says another kind or version is refused before any of its code runs.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_NOT_FOUND`, `_INVALID`, `_KIND` or `_API_VERSION`, naming the place.
 * @example
 * ```ts
 * import { type LoadedPlugin, loadPlugin } from '@fairlead/core';
 *
 * const loaded: LoadedPlugin<'admission'> = await loadPlugin('admission', 'shaping-filter', [process.cwd()], 'admission');
 * console.log(loaded.definition.name, loaded.module);
 * ```
 */
export async function loadPlugin<K extends PluginKind>(
  kind: K,
  use: string,
  bases: readonly string[],
  where: string,
): Promise<LoadedPlugin<K>> {
  const module = locate(kind, use, bases);
  if (module === undefined) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_NOT_FOUND', `there is no ${kind} plugin "${use}"`, {
      where,
      mend: `install the package @fairlead/${kind}-${use} or ${use}, or give the path of a module, as ./my-plugin.js`,
    });
  }
  const manifest = manifestOf(module);
  if (manifest !== undefined)
    checkPoint(kind, manifest.kind ?? kind, manifest.apiVersion ?? API_VERSIONS[kind], use, where);
  let exported: { default?: unknown };
  try {
    exported = (await import(module)) as { default?: unknown };
  } catch (cause) {
    throw new FairleadError(
      'FAIRLEAD_ERR_PLUGIN_INVALID',
      `plugin "${use}" cannot be loaded: ${(cause as Error).message}`,
      {
        where,
        mend: 'mend the module; the cause is attached',
        cause,
      },
    );
  }
  return { definition: checkDefinition(kind, exported.default, use, where), module };
}

/** Checks that a value is a plugin of a kind, written for this version of its extension point. */
export function checkDefinition<K extends PluginKind>(
  kind: K,
  value: unknown,
  use: string,
  where: string,
): PluginDefinition<K> {
  if (!isPluginDefinition(value)) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_INVALID', `"${use}" is not a plugin`, {
      where,
      mend: 'export the result of definePlugin(...) as the default of its module',
    });
  }
  checkPoint(kind, value.kind, value.apiVersion, use, where);
  return value as unknown as PluginDefinition<K>;
}

/** Refuses a plugin of another kind, or for another version of its extension point, than this host has. */
function checkPoint(kind: PluginKind, found: string, apiVersion: number, use: string, where: string): void {
  if (found !== kind) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_KIND', `"${use}" is a ${found} plugin, not a ${kind} plugin`, {
      where,
      mend: `use it under its own kind, or name a ${kind} plugin here`,
    });
  }
  if (apiVersion !== API_VERSIONS[kind]) {
    throw new FairleadError(
      'FAIRLEAD_ERR_PLUGIN_API_VERSION',
      `"${use}" was written for version ${apiVersion} of ${kind}, this host has version ${API_VERSIONS[kind]}`,
      { where, mend: apiVersion > API_VERSIONS[kind] ? 'update Fairlead' : 'update the plugin' },
    );
  }
}

function locate(kind: PluginKind, use: string, bases: readonly string[]): string | undefined {
  return locatePlugins(use, bases, [kind])[0];
}

/**
 * The URLs of the modules that a name or path may mean, one for each kind that has a bundled plugin of that name, in the
 * order in which they would be taken. Nothing of them is loaded.
 *
 * @example
 * ```ts
 * import { locatePlugins } from '@fairlead/core';
 *
 * console.log(locatePlugins('./my-policy.js', [process.cwd()])); // addresses of modules; none is loaded
 * ```
 */
export function locatePlugins(
  use: string,
  bases: readonly string[],
  kinds: readonly PluginKind[] = Object.keys(API_VERSIONS) as PluginKind[],
): readonly string[] {
  if (use.startsWith('file:')) return [use];
  if (use.startsWith('.') || isAbsolute(use)) {
    const found = tryResolve(resolve(folderOf(bases[0] ?? process.cwd()), use), bases);
    return found === undefined ? [] : [found];
  }
  const names = [...kinds.map((kind) => `@fairlead/${kind}-${use}`), use];
  return names.map((name) => tryResolve(name, bases)).filter((found) => found !== undefined);
}

function folderOf(base: string): string {
  return base.startsWith('file:') ? fileURLToPath(new URL('.', base)) : base;
}

const baseUrl = (base: string): string => (base.startsWith('file:') ? base : pathToFileURL(`${base}/`).href);

function tryResolve(name: string, bases: readonly string[]): string | undefined {
  for (const base of [...bases, import.meta.url]) {
    try {
      return pathToFileURL(createRequire(baseUrl(base)).resolve(name)).href;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const exported = code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? resolveForImport(name, base) : undefined;
      if (exported !== undefined) return exported;
      if (
        code !== 'MODULE_NOT_FOUND' &&
        code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED' &&
        code !== 'ERR_INVALID_MODULE_SPECIFIER'
      )
        throw error;
    }
  }
  return undefined;
}

/**
 * `require.resolve` finds no module that a package exports for `import` alone, as packages of ES modules do: for those
 * the package's own `exports` is read (Node.js, Packages, "Conditional exports").
 */
function resolveForImport(name: string, base: string): string | undefined {
  const [, packageName = '', subpath = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(name) ?? [];
  for (const folder of createRequire(baseUrl(base)).resolve.paths(name) ?? []) {
    const home = join(folder, packageName);
    if (!existsSync(join(home, 'package.json'))) continue;
    const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Record<string, unknown>;
    const target = exportedModule(manifest, subpath);
    return target === undefined ? undefined : pathToFileURL(join(home, target)).href;
  }
  return undefined;
}
