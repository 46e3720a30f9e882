import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_VERSIONS, isPluginDefinition, type PluginKind } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const { version } = read('packages/sdk/package.json') as { version: string };

describe.each(readdirSync(path.join(root, 'plugins')))('the manifest of %s', (folder) => {
  const manifest = read(`plugins/${folder}/package.json`);

  it('and its definePlugin agree', async () => {
    const { default: definition } = (await import(manifest.name)) as { default: unknown };
    if (!isPluginDefinition(definition)) throw new Error(`${manifest.name} exports no plugin`);
    const { kind, name, apiVersion } = definition;
    expect(manifest.fairlead).toEqual({ kind, name, apiVersion });
    expect(apiVersion).toBe(API_VERSIONS[kind as PluginKind]);
  });

  it('has the name, keyword, engines and peer that tools look for', () => {
    expect(manifest).toMatchObject({
      name: `@fairlead/${manifest.fairlead.kind}-${manifest.fairlead.name}`,
      version,
      keywords: expect.arrayContaining(['fairlead-plugin', manifest.fairlead.kind]),
      engines: { node: '>=20.19' },
      peerDependencies: { '@fairlead/sdk': 'workspace:^' },
    });
    expect(manifest.dependencies ?? {}).not.toHaveProperty(['@fairlead/sdk']);
  });
});
