/** A range of values and where its marks are. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly isLogarithmic: boolean;
  /** Where a value lies between the ends, 0 to 1. */
  place(value: number): number;
}

/** A scale from 0 to at least `most`, with about `count` marks at 1, 2 or 5 times a power of ten. */
export function linearScale(most: number, count: number): Scale {
  const step = niceStep(most > 0 ? most : 1, count);
  const high = Math.ceil((most > 0 ? most : 1) / step - 1e-9) * step;
  const ticks = Array.from({ length: Math.round(high / step) + 1 }, (_, i) => i * step);
  return { low: 0, high, ticks, isLogarithmic: false, place: (value) => value / high };
}

/** A scale of time that ends where the run ends. */
export function timeScale(end: number, count: number): Scale {
  const step = niceStep(end, count);
  const ticks = Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step);
  return { low: 0, high: end, ticks, isLogarithmic: false, place: (value) => value / end };
}

/** A scale in powers of ten around values above 0. */
export function logScale(least: number, most: number): Scale {
  const from = Math.floor(Math.log10(least) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(most) - 1e-9));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
  const place = (value: number): number => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from);
  return { low: 10 ** from, high: 10 ** to, ticks, isLogarithmic: true, place };
}

function niceStep(range: number, count: number): number {
  const least = range / count;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((n) => n * power >= least * 0.999) ?? 10) * power;
}
