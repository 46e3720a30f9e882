import type { PluginKind } from '@fairlead/sdk';

/** Where a configuration has plugins, and of which kind. */
const PLUGIN_PLACES: readonly { readonly pattern: RegExp; readonly kind: PluginKind }[] = [
  { pattern: /^nics\[\d+\]\.driver/, kind: 'nic-driver' },
  { pattern: /^vms\[\d+\]\.device/, kind: 'device-emulator' },
  { pattern: /^ports\[\d+\]\.device/, kind: 'device-emulator' },
  { pattern: /^admission(\.fallback(?=[.]|$))?/, kind: 'admission' },
  { pattern: /^distribution(\.fallback(?=[.]|$))?/, kind: 'load-distribution' },
  { pattern: /^detectors\[\d+\]/, kind: 'detector' },
  { pattern: /^signals\[\d+\]\.responders\[\d+\]/, kind: 'responder' },
  { pattern: /^hypervisor/, kind: 'hypervisor' },
];

/** The kind of plugin that belongs at a configuration path. */
export function kindAt(path: string): PluginKind | undefined {
  return PLUGIN_PLACES.find(({ pattern }) => pattern.test(path))?.kind;
}

/** The plugin that a configuration path belongs to, as `nic-driver memory`; undefined when it belongs to none. */
export function pluginAt(written: unknown, path: string): string | undefined {
  for (const { pattern, kind } of PLUGIN_PLACES) {
    const place = pattern.exec(path)?.[0];
    if (place === undefined) continue;
    const use = valueAt(written, `${place}.use`);
    return typeof use === 'string' ? `${kind} ${use}` : kind;
  }
  return undefined;
}

function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}
