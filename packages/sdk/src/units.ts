import { FairleadError } from './errors.ts';

/** What a number measures. The value is always held in the base unit: bit/s, bytes, microseconds, frames/s. */
export type Unit = 'bps' | 'bytes' | 'us' | 'ms';

/* Rates are decimal (IEEE 802.3), sizes are decimal with KB and binary with KiB (IEC 80000-13). */
const SCALES: Record<Unit, Readonly<Record<string, number>>> = {
  bps: { bps: 1, kbps: 1e3, mbps: 1e6, gbps: 1e9, tbps: 1e12 },
  bytes: { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 },
  us: { us: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3600e6 },
  ms: { us: 1e-3, ms: 1, s: 1e3, min: 60e3, h: 3600e3 },
};

const EXAMPLES: Record<Unit, string> = { bps: '200Mbps', bytes: '64KiB', us: '20ms', ms: '20ms' };

const QUANTITY = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i;

/**
 * Reads a quantity into its base unit: `quantity('200Mbps', 'bps')` is 200,000,000. A plain number is taken as it is.
 * @throws FairleadError `FAIRLEAD_ERR_UNIT` when it has no unit, an unknown one, or is negative or not finite.
 * @example
 * ```ts
 * import { quantity } from '@fairlead/sdk';
 *
 * console.log(quantity('200Mbps', 'bps')); // 200000000
 * console.log(quantity('64KiB', 'bytes')); // 65536
 * ```
 */
export function quantity(value: number | string, unit: Unit, where?: string): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && value >= 0) return value;
    throw unitError(String(value), unit, where);
  }
  const match = QUANTITY.exec(value);
  const scale = match === null ? undefined : SCALES[unit][(match[2] as string).toLowerCase()];
  if (match === null || scale === undefined) throw unitError(value, unit, where);
  return Number(match[1]) * scale;
}

function unitError(value: string, unit: Unit, where: string | undefined): FairleadError {
  const known = Object.keys(SCALES[unit]).join(', ');
  return new FairleadError('FAIRLEAD_ERR_UNIT', `"${value}" is not a quantity in ${unit}`, {
    ...(where === undefined ? {} : { where }),
    mend: `write a number with one of ${known}, as ${EXAMPLES[unit]}`,
  });
}
