import { DISTRIBUTION_PRESETS, hostConfigSchema, type Preset } from '@fairlead/core';
import type { PluginKind } from '@fairlead/sdk';
import { type BundledPlugin, bundledPlugins } from './bundled.ts';
import { type JsonSchema, published } from './published.ts';

/** The JSON Schema (draft-07) of a configuration file, with the options of every bundled plugin. */
export async function hostSchema(): Promise<JsonSchema> {
  const plugins = await bundledPlugins();
  const host = published(plain(hostConfigSchema));
  const { properties = {}, ...rest } = host;
  const place = (schema: JsonSchema | undefined, key: string, value: JsonSchema): void => {
    const { description } = schema?.properties?.[key] ?? {};
    if (schema?.properties !== undefined)
      schema.properties[key] = description === undefined ? value : { description, ...value };
  };
  const chain = properties['signals']?.items;
  const policy = moreKeys(properties['admission']);
  const more: Partial<Record<PluginKind, Record<string, JsonSchema>>> = {
    'nic-driver': moreKeys(properties['nics']?.items?.properties?.['driver']),
    'device-emulator': moreKeys(properties['ports']?.items?.properties?.['device']),
    detector: moreKeys(properties['detectors']?.items),
    hypervisor: moreKeys(properties['hypervisor']),
    responder: moreKeys(chain?.properties?.['responders']?.items),
  };
  place(properties['nics']?.items, 'driver', inAllOf('nic-driver'));
  place(properties['vms']?.items, 'device', inAllOf('device-emulator'));
  const vm = properties['vms']?.items;
  if (vm !== undefined) vm['oneOf'] = [{ required: ['device'] }, { required: ['port'] }];
  place(properties['ports']?.items, 'device', inAllOf('device-emulator'));
  place(host, 'admission', inAllOf('admission-policy'));
  place(host, 'distribution', inAllOf('load-distribution-policy'));
  place(host, 'hypervisor', inAllOf('hypervisor'));
  const detectors = properties['detectors'];
  if (detectors !== undefined) detectors.items = inAllOf('detector');
  const monitors = properties['teams']?.items?.properties?.['monitors'];
  if (monitors !== undefined) monitors.items = inAllOf('link-monitor');
  const responders = chain?.properties?.['responders'];
  if (responders !== undefined) responders.items = inAllOf('responder');
  const kinds = [
    'nic-driver',
    'device-emulator',
    'admission',
    'load-distribution',
    'link-monitor',
    'detector',
    'hypervisor',
    'responder',
  ] as const;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Fairlead host',
    description: 'What a host is made of: its NICs, its VMs, and the policies between them.',
    ...rest,
    properties,
    definitions: Object.fromEntries([
      ...kinds.map((kind) => [kind, pluginPlace(kind, plugins, more[kind])]),
      ...(['admission', 'load-distribution'] as const).map((kind) => [
        `${kind}-policy`,
        pluginPlace(kind, plugins, { ...fallbackOf(kind), ...policy }),
      ]),
      ...plugins.map(({ from, definition }) => [definitionName(from), published(plain(definition.options))]),
    ]),
  };
}

/** The schema as it is printed and kept in `schema/host.schema.json`. */
export async function hostSchemaText(): Promise<string> {
  return `${JSON.stringify(await hostSchema(), undefined, 2)}\n`;
}

/** Without the symbols and functions that a schema has for the compiler. */
function plain(schema: object): JsonSchema {
  return JSON.parse(JSON.stringify(schema)) as JsonSchema;
}

/** In draft-07 a `$ref` hides what stands beside it, so that a description could not. */
const inAllOf = (name: string): JsonSchema => ({ allOf: [{ $ref: `#/definitions/${name}` }] });

const definitionName = (from: string): string => from.replace('@fairlead/', 'options-');

const fallbackOf = (kind: PluginKind): Record<string, JsonSchema> => ({
  fallback: { description: 'serves when the plugin fails', ...inAllOf(kind) },
});

/** What a place says beside plugin and options: what a failure means, and what the plugin may use. */
function moreKeys(place: JsonSchema | undefined): Record<string, JsonSchema> {
  const written = Object.entries(place?.properties ?? {});
  return Object.fromEntries(written.filter(([key]) => !['use', 'options', 'fallback'].includes(key)));
}

/** A place for a plugin of one kind: any may be named, of the bundled ones the options are known. */
function pluginPlace(
  kind: PluginKind,
  all: readonly BundledPlugin[],
  more: Record<string, JsonSchema> = {},
): JsonSchema {
  const plugins = all.filter(({ definition }) => definition.kind === kind);
  const presets = kind === 'load-distribution' ? Object.entries<Preset>(DISTRIBUTION_PRESETS) : [];
  const names = [...plugins.map(({ definition }) => definition.name), ...presets.map(([name]) => name)];
  const namesOf = ({ from, definition: { name } }: BundledPlugin): string[] => [
    name,
    from,
    ...presets.flatMap(([preset, { use }]) => (use === name ? [preset] : [])),
  ];
  return {
    type: 'object',
    additionalProperties: false,
    required: ['use'],
    properties: {
      use: {
        description: 'name of a bundled plugin, name of a package, or path of a module',
        anyOf: [{ enum: names }, { type: 'string', minLength: 1 }],
      },
      options: { type: 'object', description: "the plugin's options; quantities may have a unit" },
      ...more,
    },
    allOf: plugins.map(({ from, definition }) => ({
      if: { required: ['use'], properties: { use: { enum: namesOf({ from, definition }) } } },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: {
        ...(published(plain(definition.options)).required === undefined ? {} : { required: ['options'] }),
        properties: { options: { $ref: `#/definitions/${definitionName(from)}` } },
      },
    })),
  };
}
