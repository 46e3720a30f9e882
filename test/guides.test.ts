import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { definePlugin, type PluginDefinition, type PluginKind, Type } from '@fairlead/sdk';
import { CONFORMANCE_KINDS, conformanceLaws } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';

const guides = fileURLToPath(new URL('../docs/guides', import.meta.url));
const guideOf = (kind: string): string => path.join(guides, `${kind}.md`);

/** The laws that every plugin of the kind is held to, whatever else its author gives the kit. */
function lawsOf(kind: PluginKind): string[] {
  const about = { kind, name: 'any', apiVersion: 1, options: Type.Object({}), implementation: Object };
  return conformanceLaws(definePlugin(about as never) as unknown as PluginDefinition).map(({ name }) => name);
}

describe('the guide', () => {
  it.each(CONFORMANCE_KINDS)('of the kind %s names the laws of its kit, each as it is told', (kind) => {
    const [, section = ''] = /^## The laws\n([^]*?)^## /m.exec(readFileSync(guideOf(kind), 'utf8')) ?? [];
    expect([...section.matchAll(/^- (.*)$/gm)].map(([, name]) => name)).toEqual(lawsOf(kind));
  });

  it('of every kind is one that the first of them leads to', () => {
    const first = readFileSync(path.join(guides, 'first-plugin.md'), 'utf8');
    expect(CONFORMANCE_KINDS.filter((kind) => !existsSync(guideOf(kind)) || !first.includes(`(${kind}.md)`))).toEqual(
      [],
    );
  });
});
