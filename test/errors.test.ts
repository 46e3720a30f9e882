import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES, type ErrorCode } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(path.join(root, 'docs/errors.md'), 'utf8');
const table = Object.keys(ERROR_CODES).sort() as ErrorCode[];

/** The page's entries: code, and what is said of it. */
const entries = page.split(/^(?=#{2,3} )/m).flatMap((part) => {
  const [, code, text = ''] = /^### (\S+)\n([^]*)$/.exec(part) ?? [];
  return code === undefined ? [] : [[code, text.trim()] as const];
});

function sourcesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : sourcesBelow(place);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) ? [place] : [];
  });
}

const packages = ['packages', 'plugins'].flatMap((parent) =>
  readdirSync(path.join(root, parent)).map((name) => path.join(parent, name)),
);
const sources = packages
  .flatMap((folder) => sourcesBelow(folder).filter((place) => place.startsWith(path.join(folder, 'src'))))
  .filter((place) => place !== path.join('packages', 'sdk', 'src', 'errors.ts'));
const named = new Map<string, string>();
for (const place of sources) {
  for (const [code] of readFileSync(path.join(root, place), 'utf8').matchAll(/\bFAIRLEAD_ERR_[A-Z_]*[A-Z]\b/g))
    named.set(code, place);
}

const provoked = ['packages', 'plugins', 'test', 'examples', 'bench']
  .flatMap(sourcesBelow)
  .filter((place) => /\.test\.(ts|js|mjs)$/.test(place))
  .map((place) => readFileSync(path.join(root, place), 'utf8'))
  .join('\n');

/** Codes that the page lists as reserved: kept, but not raised. */
const [, reservedPart = ''] = /^## Reserved\n([^]*?)(?=^## |$(?![^]))/m.exec(page) ?? [];
const reserved = [...reservedPart.matchAll(/^### (\S+)$/gm)].map(([, code]) => code as string);

describe('the error codes', () => {
  it('are described on the page, each once, and no other', () => {
    expect(entries.map(([code]) => code).sort()).toEqual(table);
  });

  it.each(entries)('%s begins on the page with what the table says of it, and goes on', (code, text) => {
    const meaning = ERROR_CODES[code as ErrorCode];
    expect(text.startsWith(meaning)).toBe(true);
    expect(text.length).toBeGreaterThan(meaning.length + 40);
  });

  it('say what is wrong and what to do, in sentences', () => {
    for (const code of table) expect(ERROR_CODES[code]).toMatch(/^[A-Z].*\.$/);
  });

  it('are each raised somewhere, but for those that the page calls reserved', () => {
    expect(table.filter((code) => !named.has(code))).toEqual([...reserved].sort());
  });

  it('are each in a test that provokes it, but for those that the page calls reserved', () => {
    const untested = table.filter((code) => !reserved.includes(code) && !new RegExp(`\\b${code}\\b`).test(provoked));
    expect(untested).toEqual([]);
  });

  it('are those of the table wherever a source names one', () => {
    const unknown = [...named].filter(([code]) => !(code in ERROR_CODES));
    expect(unknown).toEqual([]);
  });
});
