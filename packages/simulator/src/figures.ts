const RATE_STEPS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A rate as `64.0 kbit/s`, `200.0 Mbit/s`, `1.50 Gbit/s`. */
export function rateText(bps: number): string {
  const step = RATE_STEPS.find(([size]) => bps >= size * 0.99995);
  if (step === undefined) return `${bps.toFixed(0)} bit/s`;
  const [size, letter] = step;
  return `${(bps / size).toFixed(size >= 1e9 ? 2 : 1)} ${letter}bit/s`;
}

/** A time as `12.3 us`, `1.50 ms`, `2.00 s`. */
export function timeText(us: number): string {
  if (us < 999.95) return `${us.toFixed(us < 99.95 ? 1 : 0)} us`;
  if (us < 999_950) return `${(us / 1e3).toFixed(us < 99_950 ? 2 : 1)} ms`;
  return `${(us / 1e6).toFixed(2)} s`;
}

/** A part of a whole as a percentage; a small one with more digits, so that it is not taken for none. */
export function percentText(part: number): string {
  return `${(part * 100).toFixed(part > 0 && part < 0.001 ? 3 : 1)}%`;
}

/** A count with its thousands apart, as `12,345`. */
export function countText(count: number): string {
  return count.toLocaleString('en-GB', { maximumFractionDigits: 0 });
}

/**
 * A figure as text: a rate as `64.0 kbit/s`, a time as `1.50 ms`, a part as `12.5%`, a count as `12,345`.
 *
 * @example
 * ```ts
 * import { figureText } from '@fairlead/simulator';
 *
 * figureText(20e6, 'bps'); // 20.0 Mbit/s
 * ```
 */
export function figureText(value: number | undefined, unit: 'bps' | 'us' | 'frames' | 'part'): string {
  if (value === undefined) return '–';
  if (unit === 'bps') return rateText(value);
  if (unit === 'us') return timeText(value);
  return unit === 'part' ? percentText(value) : countText(value);
}

/** A round number as an axis has it: `50 ms`, `100 Mbit/s`, `0`. */
export function tickText(text: string): string {
  const short = text.replace(/\.0+(?=\D|$)/, '');
  return /^0(?=\D|$)/.test(short) && !/^0\.[0-9]*[1-9]/.test(short) ? '0' : short;
}
