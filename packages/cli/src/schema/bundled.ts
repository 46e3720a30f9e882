import { isPluginDefinition, type PluginDefinition } from '@fairlead/sdk';
import { ownManifest } from '../version.ts';

/** A plugin that comes with the command. */
export interface BundledPlugin {
  /** Package, as `@fairlead/nic-driver-memory`. */
  readonly from: string;
  readonly definition: PluginDefinition;
}

/** The plugins that come with the command: those of its dependencies that export one, by name of the package. */
export async function bundledPlugins(): Promise<BundledPlugin[]> {
  const plugins: BundledPlugin[] = [];
  for (const from of Object.keys(ownManifest().dependencies).sort()) {
    if (!from.startsWith('@fairlead/')) continue;
    const { default: definition } = (await import(from)) as { default?: unknown };
    if (isPluginDefinition(definition)) plugins.push({ from, definition });
  }
  return plugins;
}
