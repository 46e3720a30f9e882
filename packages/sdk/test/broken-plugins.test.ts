import { describe, expect, it } from 'vitest';
import type { PluginKind } from '../src/index.ts';
import { CONFORMANCE_KINDS, conformanceLaws, LawBroken } from '../src/testing/index.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugins/broken-plugin.ts';
import { BROKEN_PLUGINS } from './broken-plugins/index.ts';

/** Scenarios in which a plugin with one mistake is to keep every other law. */
const OTHER_ROUNDS = 30;

const NO_PLUGINS: BrokenPlugins = { right: [], broken: [] };

/** The laws that a plugin breaks, each with what was found. The definition is made anew for each law. */
async function brokenBy(
  { law: sought, plugin, given }: Partial<BrokenPlugin> & Pick<BrokenPlugin, 'plugin'>,
  seed: number,
) {
  const found: { law: string; seed: number; scenario: string }[] = [];
  for (const i of conformanceLaws(plugin(), given).keys()) {
    const law = conformanceLaws(plugin(), given)[i];
    try {
      await law.check(seed, sought === undefined || sought === law.name ? undefined : OTHER_ROUNDS);
    } catch (error) {
      if (!(error instanceof LawBroken)) throw error;
      found.push(error);
    }
  }
  return found;
}

/** One line for each law: the law, and the mistake of the plugin that breaks it. */
function table(kind: PluginKind): string {
  const { broken } = BROKEN_PLUGINS[kind] ?? NO_PLUGINS;
  const width = Math.max(...broken.map(({ law }) => law.length));
  return broken.map(({ law, mistake }) => `  ${law.padEnd(width)} -> ${mistake}`).join('\n');
}

describe.each(CONFORMANCE_KINDS)('the laws of %s', (kind) => {
  const { right, broken } = BROKEN_PLUGINS[kind] ?? NO_PLUGINS;

  it('each have a plugin here that breaks them', () => {
    expect(right.length, `no plugin of kind ${kind} that keeps the laws`).toBeGreaterThan(0);
    const laws = conformanceLaws(right[0]()).map(({ name }) => name);
    expect([...new Set(broken.map(({ law }) => law))].sort()).toEqual(laws.sort());
    console.log(`${kind}\n${table(kind)}`);
  });

  it.each(right.map((plugin) => ({ name: plugin().name, plugin })))('hold for $name', async ({ plugin }) => {
    for (const seed of [1, 2]) expect(await brokenBy({ plugin }, seed)).toEqual([]);
  });

  it.each(broken)('find that $mistake: $law', async (entry) => {
    const found = await brokenBy(entry, 1);
    expect(found.map(({ law }) => law).sort()).toEqual([entry.law, ...(entry.also ?? [])].sort());
    for (const broken of found) expect(broken).toMatchObject({ seed: 1, scenario: expect.stringMatching(/\S/) });
  });
});
