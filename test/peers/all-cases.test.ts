import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** The cases that this project has taken over from the test suites of others; a number is never given twice. */
const CASES = [
  ...[1, 2, 3, 6, 8, 11, 12, 15, 16, 17, 18, 22, 23, 24, 25, 26, 27, 28, 29],
  ...[31, 32, 33, 34, 35, 36, 37, 39, 40, 41, 42, 43, 44, 46],
];

/** The title of a test, not of a group of tests nor of one that is skipped or still to be written. */
const TITLE = /(?<!(?:describe|skip|todo)(?:\.each\([^)]*\))?\(\s*)['"`]case (\d+):/g;

function casesIn(source: string): number[] {
  return [...source.matchAll(TITLE)].map(([, id]) => Number(id));
}

function shown(): Set<number> {
  const folders = ['.', '../system'].map((folder) => new URL(`${folder}/`, import.meta.url));
  const sources = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.test.ts') && file !== 'all-cases.test.ts')
      .map((file) => readFileSync(new URL(file, folder), 'utf8')),
  );
  return new Set(sources.flatMap(casesIn));
}

it('every case has a test whose title begins with its number, and no test one that is not in the list', () => {
  expect([...shown()].sort((a, b) => a - b)).toEqual(CASES);
});

it('a group’s title, a skipped test or one that is still to be written shows no case', () => {
  const sources = [
    "describe('case 1: of these')",
    "it.skip('case 2: not now')",
    "it.todo('case 3: later')",
    "it('about case 4: that')",
    "it('case 5: this')",
    "it.each([1])(\n  'case 6: so %i'",
  ];
  expect(sources.map(casesIn)).toEqual([[], [], [], [], [5], [6]]);
});
