import type { SimulationResult } from '../result.ts';
import { escapeHtml } from './escape.ts';
import { plotsHtml } from './plots.ts';
import { POINTER_SCRIPT } from './pointer-script.ts';
import { REPORT_STYLE } from './style.ts';
import { comparisonHtml, tablesHtml } from './tables.ts';

/**
 * The report of one simulation, or of several side by side: one HTML page with everything in it. Equal results give equal
 * pages.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { reportHtml, type SimulationResult } from '@fairlead/simulator';
 *
 * function keep(result: SimulationResult): void {
 *   writeFileSync('report.html', reportHtml([result]));
 * }
 * ```
 */
export function reportHtml(results: readonly SimulationResult[]): string {
  const several = results.length > 1;
  const title = several ? results.map((result) => result.title).join(' – ') : (results[0]?.title ?? '');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body${several ? ' class="wide"' : ''} style="--columns: ${Math.max(1, results.length)}">
<header><h1>${escapeHtml(several ? 'Policies side by side' : title)}</h1>
${results.map((result) => factsHtml(result, several)).join('\n')}</header>
${several ? comparisonHtml(results) : ''}
${plotsHtml(results)}
${results.map((result) => (several ? `<h1 style="margin-top:48px">${escapeHtml(result.title)}</h1>` : '') + tablesHtml(result)).join('\n')}
<div id="values"></div>
<script>${POINTER_SCRIPT}</script>
</body>
</html>
`;
}

function factsHtml(result: SimulationResult, isNamed: boolean): string {
  const { title, policies, durationSeconds, warmUpSeconds, seed, digest } = result;
  const facts = [
    ...(isNamed ? [title] : []),
    `admission ${policies.admission}`,
    `distribution ${policies.distribution}`,
    `${durationSeconds} s simulated`,
    ...(warmUpSeconds === 0 ? [] : [`tables without the first ${warmUpSeconds} s`]),
    `seed ${seed}`,
  ];
  return `<p class="facts">${escapeHtml(facts.join(' · '))}<br><code>digest sha256 ${digest}</code></p>`;
}
