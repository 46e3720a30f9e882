import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { closest, loadPlugin, locatePlugins, manifestOf, type PluginManifest, presetOf } from '@fairlead/core';
import { API_VERSIONS, FairleadError, isPluginDefinition, type PluginDefinition, type PluginKind } from '@fairlead/sdk';
import { installedPlugins, pluginAt } from './installed.ts';

/** A plugin that was loaded, and what its package says of it. */
export interface FoundPlugin {
  readonly definition: PluginDefinition;
  /** Path of its module. */
  readonly file: string;
  readonly manifest: PluginManifest | undefined;
}

/**
 * The plugins that a name or path means: `round-robin` or its package, a module, or the folder of a package. A name that
 * plugins of several kinds have means all of them; one that operators know, as `balance-slb`, its plugin.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_NOT_FOUND` or `_INVALID`.
 */
export async function findPlugins(use: string, folder: string): Promise<readonly FoundPlugin[]> {
  const preset = presetOf('load-distribution', use);
  if (preset !== undefined) return findPlugins(preset.use, folder);
  const modules = modulesOf(use, folder);
  if (modules.length === 0) throw notFound(use, folder);
  const found: FoundPlugin[] = [];
  for (const module of new Set(modules)) found.push(await load(module, use));
  return found;
}

function modulesOf(use: string, folder: string): readonly string[] {
  const isPath = use.startsWith('.') || use.startsWith('/');
  const path = resolve(folder, use);
  const isFolder = isPath && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
  if (!isFolder) return locatePlugins(use, [folder, import.meta.url]);
  const name = pluginAt(path)?.package;
  // A package may name itself, which Node.js allows for those that have `exports` (Packages, "Self-referencing").
  return locatePlugins(name === undefined || name === '' ? path : name, [path]);
}

async function load(module: string, use: string): Promise<FoundPlugin> {
  const file = fileURLToPath(module);
  if (!existsSync(file)) {
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_NOT_FOUND', `the module of plugin "${use}" is not there`, {
      where: file,
      mend: 'build it first: npm run build',
    });
  }
  const manifest = manifestOf(module);
  // The manifest comes first: what it refuses is not run. Whatever else is wrong is said as a host would say it.
  const { definition } = await loadPlugin(
    isKind(manifest?.kind) ? manifest.kind : await kindOf(module),
    module,
    [],
    use,
  );
  return { definition, file, manifest };
}

function isKind(kind: string | undefined): kind is PluginKind {
  return kind !== undefined && kind in API_VERSIONS;
}

async function kindOf(module: string): Promise<PluginKind> {
  const exported: unknown = await import(module).catch(() => undefined);
  const value = (exported as { default?: unknown } | undefined)?.default;
  return isPluginDefinition(value) ? value.kind : 'admission';
}

function notFound(use: string, folder: string): FairleadError {
  const path = resolve(folder, use);
  if (existsSync(join(path, 'package.json'))) {
    return new FairleadError('FAIRLEAD_ERR_PLUGIN_NOT_FOUND', 'the package has no module that could be loaded', {
      where: path,
      mend: 'build it first (npm run build), or mend the exports of its package.json',
    });
  }
  const names = installedPlugins(folder).flatMap((plugin) => [plugin.name ?? [], plugin.package].flat());
  const near = closest(use, names);
  return new FairleadError('FAIRLEAD_ERR_PLUGIN_NOT_FOUND', `there is no plugin "${use}"`, {
    where: pathToFileURL(path).href.startsWith('file:') ? folder : use,
    mend: near === undefined ? 'fairlead plugin list shows what there is' : `did you mean "${near}"?`,
  });
}
