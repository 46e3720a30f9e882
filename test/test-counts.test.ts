import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { countTests } from '../scripts/test-counts.mjs';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'fairlead-counts-'));
  file = path.join(dir, 'vitest.json');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Writes a report as vitest does: per file its own status and those of its tests. */
function report(...files: { status: string; tests: string[] }[]): void {
  const testResults = files.map(({ status, tests }, index) => ({
    name: `file${index}.test.ts`,
    status,
    assertionResults: tests.map((one) => ({ status: one })),
  }));
  writeFileSync(file, JSON.stringify({ testResults }));
  // Long ago by the file's own clock, so that no test depends on when it runs.
  utimesSync(file, 1000, 1000);
}

it('adds up the tests of all files', () => {
  report(
    { status: 'passed', tests: ['passed', 'passed', 'skipped'] },
    { status: 'failed', tests: ['failed', 'passed', 'todo'] },
  );
  expect(countTests(file, 0)).toEqual({ passed: 3, failed: 1, skipped: 2 });
});

it('counts a file that failed outside its tests as one failure, and names it', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  report({ status: 'failed', tests: [] }, { status: 'passed', tests: ['passed'] });
  expect(countTests(file, 0)).toMatchObject({ passed: 1, failed: 1 });
  expect(said).toHaveBeenCalledWith('fairlead: file0.test.ts failed outside its tests');
  said.mockRestore();
});

it('counts nothing from a report that is missing or older than the run', () => {
  const nothing = { passed: 0, failed: 0, skipped: 0 };
  expect(countTests(file, 0)).toEqual(nothing);
  report({ status: 'passed', tests: ['passed'] });
  expect(countTests(file, 1_000_001)).toEqual(nothing);
  expect(countTests(file, 999_999)).toMatchObject({ passed: 1 });
});
