import { labelOf } from '../compare.ts';
import { countText, percentText, rateText, timeText } from '../figures.ts';
import type { SimulationResult } from '../result.ts';
import { escapeHtml } from './escape.ts';
import { colourOf, dashOf, type Line, type Mark, plotSvg } from './plot.ts';
import { linearScale, logScale, type Scale, timeScale } from './scale.ts';

/** More lines than this cannot be told apart. */
const MOST_LINES = 14;
/** From so wide a range on a linear axis hides the small values. */
const WIDE_RANGE = 40;

/** A group of plots with one legend: one plot for each result, on one scale. */
interface PlotGroup {
  readonly title: string;
  readonly note: string;
  readonly lines: (result: SimulationResult) => Line[];
  readonly scale: (values: readonly number[]) => Scale;
  readonly show: (value: number) => string;
}

const GROUPS: readonly PlotGroup[] = [
  {
    title: 'Throughput of each VM',
    note: 'bits of frames that arrived, per second',
    lines: (result) => result.series.vms.map((vm, style) => ({ label: labelOf(vm), values: vm.throughputBps, style })),
    scale: fromZero,
    show: rateText,
  },
  {
    title: 'Latency of each VM',
    note: 'from the guest to the receiver, in one direction; thick: median, thin: 99th percentile',
    lines: (result) =>
      result.series.vms.flatMap((vm, style): Line[] => [
        { label: `${labelOf(vm)} p99`, values: vm.p99Us, style, isFaint: true },
        { label: `${labelOf(vm)} p50`, values: vm.p50Us, style },
      ]),
    scale: (values) => {
      const above = values.filter((value) => value > 0);
      const least = Math.min(...above);
      const most = Math.max(...above);
      return above.length > 0 && most / least > WIDE_RANGE ? logScale(least, most) : fromZero(values);
    },
    show: timeText,
  },
  {
    title: 'Load of each NIC',
    note: 'part of its speed that is sent',
    lines: (result) => result.series.nics.map(({ name, load }, style) => ({ label: name, values: load, style })),
    scale: () => linearScale(1, 4),
    show: percentText,
  },
  {
    title: 'Decisions',
    note: 'frames per second: over which NIC, made to wait, dropped by reason',
    lines: ({ series, nics }) => {
      const perSecond = (frames: readonly number[]): number[] => frames.map((n) => n / series.intervalSeconds);
      const chosen = series.nics.map(({ name, chosenFrames }, style) => ({
        label: `over ${name}`,
        values: perSecond(chosenFrames),
        style,
      }));
      const dropped = Object.entries(series.droppedFrames).map(([reason, frames], i) => ({
        label: `dropped: ${reason}`,
        values: perSecond(frames),
        style: nics.length + 1 + i,
      }));
      const waiting = { label: 'made to wait', values: perSecond(series.queuedFrames), style: nics.length };
      return [...chosen, waiting, ...dropped];
    },
    scale: fromZero,
    show: countText,
  },
];

function fromZero(values: readonly number[]): Scale {
  return linearScale(
    values.reduce((most, value) => Math.max(most, value), 0),
    4,
  );
}

/** Marks that are nearer to each other than this part of the run would lie on one another. */
const ONE_MOMENT = 0.004;

/** The events of a result, numbered; those of about the same moment have one mark. */
export function marksOf({ events, durationSeconds }: SimulationResult): Mark[] {
  const marks: Mark[] = [];
  for (const { seconds, text } of events) {
    const last = marks.at(-1);
    if (last !== undefined && seconds - last.seconds < ONE_MOMENT * durationSeconds)
      marks[marks.length - 1] = { ...last, text: `${last.text}; ${text}` };
    else marks.push({ seconds, number: marks.length + 1, text });
  }
  return marks;
}

/** All plots of one or several results, on one time axis. */
export function plotsHtml(results: readonly SimulationResult[]): string {
  const time = timeScale(Math.max(...results.map(({ durationSeconds }) => durationSeconds)), 10);
  return GROUPS.map((group, i) => {
    const ofResults = results.map((result) => group.lines(result));
    const values = ofResults.flat().flatMap((line) => line.values.filter((value) => value !== null));
    const scale = group.scale(values);
    const shown = ofResults.map((lines) => lines.slice(0, MOST_LINES));
    const more = Math.max(...ofResults.map((lines) => lines.length)) - MOST_LINES;
    const plots = results.map((result, column) =>
      plotSvg({
        title: `${group.title}, ${result.title}`,
        lines: shown[column] ?? [],
        marks: marksOf(result),
        time,
        scale,
        intervalSeconds: result.series.intervalSeconds,
        show: group.show,
        hasTimes: true,
        isNarrow: results.length > 1,
      }),
    );
    const note = `${group.note}${scale.isLogarithmic ? '; logarithmic' : ''}${more > 0 ? `; ${more} more lines are left out` : ''}`;
    const names = i === 0 && results.length > 1 ? results.map(({ title }) => `<h3>${escapeHtml(title)}</h3>`) : [];
    const head = names.length === 0 ? '' : `<div class="columns">${names.join('')}</div>`;
    return (
      `<section><h2>${group.title}</h2><p class="facts">${escapeHtml(note)}</p>${legendHtml(shown)}` +
      `${head}<div class="columns">${plots.map((plot) => `<div>${plot}</div>`).join('')}</div></section>`
    );
  }).join('\n');
}

function legendHtml(ofResults: readonly (readonly Line[])[]): string {
  const known = new Map<string, Line>();
  for (const line of ofResults.flat()) if (!known.has(line.label)) known.set(line.label, line);
  const items = [...known.values()].map(({ label, style, isFaint }) => {
    const dash = dashOf(style);
    const stroke = `stroke:${colourOf(style)}${dash === '' ? '' : `;stroke-dasharray:${dash}`}`;
    const sample = `<svg viewBox="0 0 30 10" aria-hidden="true"><path d="M0 5H30" style="${stroke}"/></svg>`;
    return `<li${isFaint ? ' class="faint"' : ''}>${sample}${escapeHtml(label)}</li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}
