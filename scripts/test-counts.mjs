// How many tests passed, from the file that vitest's JSON reporter wrote.
import { existsSync, readFileSync, statSync } from 'node:fs';

/**
 * @param {string} file
 * @param {number} sinceMs wall time; an older file is a leftover of another run and counts for nothing
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countTests(file, sinceMs) {
  /** @type {{ passed: number, failed: number, skipped: number }} */
  const counts = { passed: 0, failed: 0, skipped: 0 };
  // A run that broke off before its report: the caller sees its exit code.
  if (!existsSync(file) || statSync(file).mtimeMs < sinceMs) return counts;
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { name, status, assertionResults } of testResults) {
    const failedBefore = counts.failed;
    for (const test of assertionResults) {
      if (test.status === 'passed') counts.passed += 1;
      else if (test.status === 'failed') counts.failed += 1;
      else counts.skipped += 1;
    }
    // A file that could not be loaded, or whose hook failed, has no failed test of its own.
    if (status === 'failed' && counts.failed === failedBefore) {
      counts.failed += 1;
      console.error(`fairlead: ${name} failed outside its tests`);
    }
  }
  return counts;
}
