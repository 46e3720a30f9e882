import type { ShadowReport, ShadowSectionReport } from '@fairlead/core';
import { fit, shortBytes, shortCount } from './figures.ts';

/** Of many VMs those are shown on which the two disagree most. */
const MOST_VMS = 12;
const MOST_DIFFERENCES = 8;

/** A report of shadow policies for people. */
export function shadowLines({ sections }: ShadowReport): string[] {
  if (sections.length === 0) return ['no policy is asked beside one that decides; fairlead shadow set sets one'];
  return sections.flatMap((section, i) => [...(i === 0 ? [] : ['']), ...sectionLines(section)]);
}

function sectionLines(report: ShadowSectionReport): string[] {
  const { section, real, shadow, state, faults, frames, same, batches } = report;
  const about = state === 'aside' ? ', which was put aside' : '';
  return [
    `${section}: ${real} decides; beside it ${shadow}${about}`,
    ...faults.map((fault) => `  it failed: ${fault}`),
    `${shortCount(batches)} batches, ${shortCount(frames)} frames; both said the same of ${percent(same, frames)}`,
    ...(frames === 0 ? [] : ['', ...matrixLines(report), '', ...vmLines(report)]),
    ...(report.differences.length === 0 ? [] : ['', ...differenceLines(report)]),
  ];
}

/** What was decided down, what the shadow said across; frames and bytes. */
function matrixLines({ matrix }: ShadowSectionReport): string[] {
  const names = (side: 'real' | 'shadow'): string[] => [...new Set(matrix.map((cell) => cell[side]))];
  const across = names('shadow');
  const cell = (real: string, shadow: string): string => {
    const found = matrix.find((one) => one.real === real && one.shadow === shadow);
    return found === undefined ? '·' : `${shortCount(found.frames)} ${shortBytes(found.bytes)}`;
  };
  return [
    `${fit('decided \\ shadow', 18)}${across.map((name) => fit(name, 18, 'right')).join('')}`,
    ...names('real').map(
      (real) => `${fit(real, 18)}${across.map((shadow) => fit(cell(real, shadow), 18, 'right')).join('')}`,
    ),
  ];
}

function vmLines({ vms }: ShadowSectionReport): string[] {
  const worst = [...vms].sort((a, b) => a.same / a.frames - b.same / b.frames).slice(0, MOST_VMS);
  const more = vms.length > worst.length ? [`… and ${vms.length - worst.length} more, which agree more`] : [];
  return [
    `${fit('VM', 18)}${fit('frames', 12, 'right')}${fit('the same', 12, 'right')}`,
    ...worst.map(
      ({ vm, frames, same }) =>
        `${fit(vm, 18)}${fit(shortCount(frames), 12, 'right')}${fit(percent(same, frames), 12, 'right')}`,
    ),
    ...more,
  ];
}

function differenceLines({ differences }: ShadowSectionReport): string[] {
  const shown = differences.slice(0, MOST_DIFFERENCES).map(({ atUs, vm, bytes, real, shadow, backlogFrames, nics }) => {
    const pending = nics.map(({ name, available, pendingBytes }) =>
      available ? `${name} ${shortBytes(pendingBytes)}` : `${name} away`,
    );
    const state = `${backlogFrames} waiting; pending: ${pending.join(', ')}`;
    return `  ${(atUs / 1e6).toFixed(6)} s  ${vm}, ${bytes} bytes: ${real}, shadow ${shadow}  (${state})`;
  });
  return ['first differences:', ...shown];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((part / whole) * 100).toFixed(1)}%`;
}
