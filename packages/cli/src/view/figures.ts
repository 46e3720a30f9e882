const RATE_STEPS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A rate in at most seven places: `0`, `312`, `64.0k`, `200.0M`, `1.50G`. */
export function shortRate(bps: number): string {
  if (bps === Number.POSITIVE_INFINITY) return '–';
  // The next larger unit is taken where rounding would give four digits before the point.
  const step = RATE_STEPS.find(([size]) => bps >= size * 0.99995);
  if (step === undefined) return bps.toFixed(0);
  const [size, letter] = step;
  return `${(bps / size).toFixed(size >= 1e9 ? 2 : 1)}${letter}`;
}

/** A count in at most seven places: `0`, `9999`, `12.3k`, `4.56M`. */
export function shortCount(count: number): string {
  if (count < 10_000) return count.toFixed(0);
  if (count < 999_950) return `${(count / 1e3).toFixed(1)}k`;
  return count < 999_995_000 ? `${(count / 1e6).toFixed(2)}M` : `${(count / 1e9).toFixed(2)}G`;
}

/** Bytes in at most seven places, binary units as for memory: `0`, `512`, `64.0KiB`, `256KiB`, `1.5MiB`. */
export function shortBytes(bytes: number): string {
  if (bytes < 1000) return bytes.toFixed(0);
  if (bytes < 99.95 * 1024) return `${(bytes / 1024).toFixed(1)}KiB`;
  if (bytes < 1000 * 1024) return `${(bytes / 1024).toFixed(0)}KiB`;
  const mebibytes = bytes / 1024 ** 2;
  return `${mebibytes.toFixed(mebibytes < 99.95 ? 1 : 0)}MiB`;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of `width` places, filled to a part from 0 to 1. */
export function bar(part: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * width * 8);
  const full = Math.floor(eighths / 8);
  return `${'█'.repeat(full)}${EIGHTHS[eighths % 8] ?? ''}`.padEnd(width, '·');
}

/** Cuts or fills a text to exactly `width` places. */
export function fit(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  if (text.length > width) return width > 1 ? `${text.slice(0, width - 1)}…` : text.slice(0, width);
  return side === 'left' ? text.padEnd(width) : text.padStart(width);
}
