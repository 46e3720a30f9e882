import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROWS = 48;
/** Rows without a test yet. Whoever delivers one takes it from here. */
const PLANNED: readonly number[] = [];
/** Rows with a test on simulated parts, and none on real ones yet. */
const PLANNED_ON_REAL_PARTS: readonly number[] = [];
/** Rows that are shown on real parts too. */
const ON_REAL_PARTS = [8, 11, 13, 14, 23, 31, 38, 40, 41, 43, 45, 46, 47, 48];

const page = new URL('../../docs/requirements.md', import.meta.url);
const tests = readdirSync(new URL('.', import.meta.url)).filter((name) => /^r\d/.test(name));

interface Row {
  readonly number: number;
  readonly onRealParts: boolean;
  readonly text: string;
  /** Cell as it is written. */
  readonly test: string;
  readonly code: string;
}

const rows: Row[] = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [, number, text, test, code] = line.split('|').map((cell) => cell.trim());
    const onRealParts = number.endsWith('**R**');
    return { number: Number.parseInt(number, 10), onRealParts, text, test, code };
  });

const numbersOf = (some: readonly Row[]): number[] => some.map((row) => row.number);
const isPlanned = (row: Row): boolean => row.test === 'planned';
const delivered = rows.filter((row) => !isPlanned(row));

/** Targets of the links of a cell, as paths from the workspace's root. */
function targets(cell: string): string[] {
  return [...cell.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, target]) => target);
}

describe('the table of requirements', () => {
  it('has every row once, in order', () => {
    expect(numbersOf(rows)).toEqual(Array.from({ length: ROWS }, (_, i) => i + 1));
  });

  it('says "planned" of exactly the rows that are, and these have neither test nor code', () => {
    expect(numbersOf(rows.filter(isPlanned))).toEqual(PLANNED);
    expect(rows.filter(isPlanned).map((row) => row.code)).toEqual(PLANNED.map(() => '–'));
    const tested = tests.map((name) => Number.parseInt(name.slice(1), 10));
    expect(tested.filter((number) => PLANNED.includes(number))).toEqual([]);
  });

  it('names for every other row its test and no other one', () => {
    const named = delivered.map((row) => targets(row.test)[0]);
    expect(named.map((target) => target.replace('test/requirements/', ''))).toEqual(tests.sort());
    for (const [i, row] of delivered.entries()) {
      expect(named[i]).toMatch(
        new RegExp(`^test/requirements/r${String(row.number).padStart(2, '0')}-[a-z0-9-]+\\.test\\.ts$`),
      );
    }
  });

  it('names files that exist, and code that is not a test', () => {
    for (const row of delivered) {
      const code = targets(row.code);
      expect(code.length, `row ${row.number} names no code`).toBeGreaterThan(0);
      for (const target of code) expect(target).toMatch(/^(packages|plugins)\/[a-z-]+\/src\//);
      for (const target of [...targets(row.test), ...code]) {
        expect(existsSync(fileURLToPath(new URL(`../${target}`, page))), `row ${row.number}: ${target}`).toBe(true);
      }
    }
  });

  it('marks the rows that are shown on real parts, and says where', () => {
    expect(numbersOf(rows.filter((row) => row.onRealParts))).toEqual(ON_REAL_PARTS);
    for (const row of delivered) {
      const [, ...others] = targets(row.test);
      expect(others.every((target) => target.startsWith('test/system/'))).toBe(true);
      const planned = PLANNED_ON_REAL_PARTS.includes(row.number);
      expect(others.length > 0, `row ${row.number}`).toBe(row.onRealParts && !planned);
      expect(row.test.endsWith(', real parts planned'), `row ${row.number}`).toBe(planned);
      // The system test says of which rows it is.
      for (const target of others) {
        const text = readFileSync(new URL(`../${target}`, page), 'utf8');
        expect(text).toMatch(new RegExp(`rows? ([0-9]+,? (and )?)*${row.number}\\b`));
      }
    }
  });

  it.each(delivered)(
    'row $number has the words of its test, which checks that frames are conserved',
    ({ number, text, test }) => {
      const [target] = targets(test);
      const source = readFileSync(new URL(`../${target}`, page), 'utf8');
      const titles = [...source.matchAll(/^describe\((['"])requirement (.+)\1, /gm)].map(([, , title]) => title);
      expect(titles).toEqual([`${number}: ${text}`]);
      expect(source).toMatch(/\.assertConserved\(\)/);
    },
  );
});
