import { tickText } from '../figures.ts';
import { escapeHtml } from './escape.ts';
import type { Scale } from './scale.ts';

/** One line of a plot. */
export interface Line {
  readonly label: string;
  /** `null`: nothing to show in that interval. */
  readonly values: readonly (number | null)[];
  /** Number of its colour and dashes. */
  readonly style: number;
  /** Drawn thin, as a companion of the line of the same style. */
  readonly isFaint?: boolean;
}

/** A mark at a time, in all plots. */
export interface Mark {
  readonly seconds: number;
  readonly number: number;
  readonly text: string;
}

export interface PlotSpec {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly marks: readonly Mark[];
  readonly time: Scale;
  readonly scale: Scale;
  readonly intervalSeconds: number;
  /** A value as text, for the axis and the reader's pointer. */
  readonly show: (value: number) => string;
  /** Times are written below it. */
  readonly hasTimes: boolean;
  readonly isNarrow: boolean;
}

/** Dashes beside colours, so that a line can be told by its form alone. */
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 2 1 2'] as const;
const COLOURS = 7;
const LEFT = 78;
const RIGHT = 14;
const TOP = 18;
const HEIGHT = 150;
const BOTTOM = 22;

export function dashOf(style: number): string {
  return DASHES[(style + Math.floor(style / COLOURS)) % DASHES.length] ?? '';
}

export function colourOf(style: number): string {
  return `var(--c${style % COLOURS})`;
}

/** A plot as SVG, with its data for the reader's pointer. */
export function plotSvg(spec: PlotSpec): string {
  const width = spec.isNarrow ? 620 : 1080;
  const inner = width - LEFT - RIGHT;
  const height = TOP + HEIGHT + (spec.hasTimes ? BOTTOM : 6);
  const x = (seconds: number): number => LEFT + spec.time.place(seconds) * inner;
  const y = (value: number): number => TOP + HEIGHT * (1 - Math.min(1, Math.max(0, spec.scale.place(value))));
  const data = {
    left: LEFT,
    inner,
    end: spec.time.high,
    interval: spec.intervalSeconds,
    lines: spec.lines.map(({ label, values }) => ({
      label,
      text: values.map((v) => (v === null ? '–' : spec.show(v))),
    })),
  };
  return [
    `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(spec.title)}" data-plot="${escapeHtml(JSON.stringify(data))}">`,
    ...spec.scale.ticks.map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(y(tick))}" y2="${fixed(y(tick))}"/>` +
        `<text class="tick" x="${LEFT - 8}" y="${fixed(y(tick) + 4)}" text-anchor="end">${escapeHtml(tickText(spec.show(tick)))}</text>`,
    ),
    ...(spec.hasTimes ? spec.time.ticks.map((tick) => timeTick(tick, x(tick))) : []),
    ...spec.marks.map(({ seconds, number, text }) => markSvg(x(seconds), number, `${seconds} s: ${text}`)),
    ...spec.lines.map((line) => pathSvg(line, spec, x, y)),
    `<line class="cursor" x1="0" x2="0" y1="${TOP}" y2="${TOP + HEIGHT}" visibility="hidden"/>`,
    '</svg>',
  ].join('');
}

function timeTick(seconds: number, at: number): string {
  return `<text class="tick" x="${fixed(at)}" y="${TOP + HEIGHT + 16}" text-anchor="middle">${Number(seconds.toPrecision(6))} s</text>`;
}

function markSvg(at: number, number: number, text: string): string {
  return (
    `<g class="mark"><title>${escapeHtml(text)}</title>` +
    `<line x1="${fixed(at)}" x2="${fixed(at)}" y1="${TOP - 4}" y2="${TOP + HEIGHT}"/>` +
    `<circle cx="${fixed(at)}" cy="9" r="8"/><text x="${fixed(at)}" y="12.5" text-anchor="middle">${number}</text></g>`
  );
}

function pathSvg(line: Line, spec: PlotSpec, x: (s: number) => number, y: (v: number) => number): string {
  let path = '';
  let isDown = false;
  for (const [i, value] of line.values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    // A value is that of its interval; it stands in the interval's middle.
    const at = Math.min((i + 0.5) * spec.intervalSeconds, spec.time.high);
    path += `${isDown ? 'L' : 'M'}${fixed(x(at))} ${fixed(y(value))}`;
    // A lone value would have no length.
    if (!isDown && line.values[i + 1] === null) path += 'h1';
    isDown = true;
  }
  if (path === '') return '';
  const dash = dashOf(line.style);
  const style = `stroke:${colourOf(line.style)}${dash === '' ? '' : `;stroke-dasharray:${dash}`}`;
  return `<path class="line${line.isFaint ? ' faint' : ''}" style="${style}" d="${path}"><title>${escapeHtml(line.label)}</title></path>`;
}

function fixed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
