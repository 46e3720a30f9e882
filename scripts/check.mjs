// Everything that CI runs, in order: `npm test`. Each step is one line; what it printed follows if it fails.
//
//   node scripts/check.mjs --only lint,unit    some steps or groups of steps, for work in progress
//
// FAIRLEAD_CI=1 says that every part is installed, so that a test left out counts as a failure.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { runQuietly } from './process.mjs';
import { countTests } from './test-counts.mjs';
import { root } from './workspace.mjs';

/** @param {string} file @returns {string} */
const tool = (file) => path.join(root, 'node_modules', file);
/** @param {string} project */
const countsOf = (project) => path.join(root, 'out', `vitest-${project}.json`);
/** @param {string} project */
const vitest = (project) => [
  tool('vitest/vitest.mjs'),
  'run',
  '--project',
  project,
  '--reporter=default',
  '--reporter=scripts/left-out.mjs',
  '--reporter=json',
  `--outputFile.json=${countsOf(project)}`,
];

/** @typedef {{ name: string, group: string, args: string[], live?: boolean, vital?: boolean }} Step */

/** @type {Step[]} */
const steps = [
  // Nothing else means anything while the build fails.
  { name: 'build', group: 'build', args: [tool('typescript/bin/tsc'), '-b'], vital: true },
  { name: 'references', group: 'lint', args: ['scripts/references.mjs', '--check'] },
  { name: 'format', group: 'lint', args: [tool('@biomejs/biome/bin/biome'), 'ci', '--colors=off'] },
  { name: 'oxlint', group: 'lint', args: [tool('oxlint/bin/oxlint'), '--deny-warnings'] },
  { name: 'floors', group: 'lint', args: ['scripts/floors.mjs'] },
  { name: 'knip', group: 'lint', args: [tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints'] },
  { name: 'api', group: 'lint', args: ['scripts/api-report.mjs'] },
  { name: 'documented', group: 'lint', args: ['scripts/documented.mjs'] },
  { name: 'types', group: 'lint', args: [tool('typescript/bin/tsc'), '-p', 'tsconfig.test.json'] },
  { name: 'unit', group: 'unit', args: vitest('unit'), live: true },
  { name: 'examples', group: 'examples', args: ['scripts/examples.mjs'] },
  { name: 'packed', group: 'packed', args: vitest('packed'), live: true },
  { name: 'system', group: 'system', args: vitest('system'), live: true },
  { name: 'docs', group: 'docs', args: ['scripts/docs.mjs'] },
];

/** @returns {Step[]} */
function chosenSteps() {
  const at = process.argv.indexOf('--only');
  if (at === -1 && process.argv.length === 2) return steps;
  const wanted = at === -1 ? [] : (process.argv[at + 1] ?? '').split(',');
  const known = new Set(steps.flatMap((step) => [step.name, step.group]));
  const unknown = wanted.filter((name) => !known.has(name));
  if (wanted.length === 0 || unknown.length > 0 || process.argv.length > 4) {
    console.error(`fairlead: usage: node scripts/check.mjs [--only ${[...known].join(',')}]`);
    process.exit(2);
  }
  return steps.filter((step) => wanted.includes(step.name) || wanted.includes(step.group));
}

const chosen = chosenSteps();
/** @type {string[]} */
const failedSteps = [];
const total = { passed: 0, failed: 0, skipped: 0 };
mkdirSync(path.join(root, 'out'), { recursive: true });

for (const step of chosen) {
  const startedMs = performance.now();
  const countsFile = step.args.includes('--project') ? countsOf(step.name) : undefined;
  if (step.live) console.log(`  … ${step.name}`);
  const { code, output } = await runQuietly(process.execPath, step.args, {
    live: step.live ?? false,
    showFailure: false,
  });
  // Ctrl-C or a kill means all of it, not just this step.
  if (code === 130 || code === 143) process.exit(code);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);

  let failed = code !== 0;
  let detail = '';
  if (countsFile !== undefined) {
    const counts = countTests(countsFile, startedMs + performance.timeOrigin);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    detail = ` (${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped)`;
    if (counts.skipped > 0 && process.env.FAIRLEAD_CI === '1') {
      failed = true;
      detail += ': in CI no test may be left out';
    }
    if (failed && counts.failed === 0) total.failed += 1;
  } else if (failed) {
    total.failed += 1;
  }
  console.log(`${failed ? '  ✗' : '  ✓'} ${step.name.padEnd(10)} ${seconds.padStart(6)} s${detail}`);
  if (!failed) continue;
  failedSteps.push(step.name);
  if (!step.live) console.log(output.trimEnd().replace(/^/gm, '      '));
  if (step.vital) break;
}

if (failedSteps.length > 0) {
  console.log(`fairlead: failed: ${failedSteps.join(', ')}; again with: node scripts/check.mjs --only ${failedSteps}`);
  process.exitCode = 1;
}
if (chosen.some((step) => step.live)) {
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`fairlead: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
}
