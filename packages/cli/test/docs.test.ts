import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostSchema } from '../src/schema/host-schema.ts';
import type { JsonSchema } from '../src/schema/published.ts';

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
const schema = await hostSchema();

/** Every key of a configuration, but those of the plugins' own options. */
function keysOf({ properties = {}, items }: JsonSchema): string[] {
  const below = Object.values(properties).flatMap(keysOf);
  return [...Object.keys(properties), ...below, ...(items === undefined ? [] : keysOf(items))];
}

describe('docs/configuration.md', () => {
  it.each([...new Set(keysOf(schema))])('explains %s', (key) => {
    expect(page).toContain(`\`${key}\``);
  });

  const names = Object.keys(schema['definitions'] as object).flatMap((name) => /^options-(.*)$/.exec(name)?.[1] ?? []);

  it.each(names)('names the bundled plugin %s', (name) => {
    const plugin = name.replace(
      /^(nic-driver|link-monitor|device-emulator|admission|load-distribution|detector|hypervisor|host-registry|responder)-/,
      '',
    );
    expect(page).toContain(`\`${plugin}\``);
  });
});
