import { readFileSync } from 'node:fs';
import { DISTRIBUTION_PRESETS } from '@fairlead/core';
import { DROP_REASONS, nicColumns, vmColumns } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';

const page = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');

/** First cells, in order, of the rows of the table below a heading; only those that are a name in code. */
function namesUnder(text: string, heading: string): string[] {
  const from = text.indexOf(`## ${heading}\n`);
  expect(from, `there is no "${heading}"`).toBeGreaterThanOrEqual(0);
  const end = text.indexOf('\n## ', from + 1);
  const section = text.slice(from, end < 0 ? undefined : end);
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name as string);
}

describe('docs/troubleshooting.md', () => {
  const text = page('troubleshooting.md');

  it('explains every drop reason, once and in order', () => {
    expect(namesUnder(text, 'Why frames are dropped')).toEqual([...DROP_REASONS]);
  });

  it.each([
    ["A NIC's columns", nicColumns],
    ["A VM's columns", vmColumns],
  ])('explains every column under "%s", and no other', (heading, columns) => {
    expect(namesUnder(text, heading)).toEqual(Object.keys(columns));
  });
});

describe('docs/teaming-modes.md', () => {
  it('has every name that stands for a load distribution', () => {
    const names = namesUnder(page('teaming-modes.md'), 'By the name you know');
    expect(names.filter((name) => name !== 'active-backup').sort()).toEqual(Object.keys(DISTRIBUTION_PRESETS).sort());
  });
});
