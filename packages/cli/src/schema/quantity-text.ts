import type { Unit } from '@fairlead/sdk';

/** The suffixes of each unit as a person writes them; letters count in either case. */
export const SUFFIXES: Readonly<Record<Unit, readonly string[]>> = {
  bps: ['bps', 'kbps', 'Mbps', 'Gbps', 'Tbps'],
  bytes: ['B', 'KB', 'MB', 'GB', 'KiB', 'MiB', 'GiB'],
  us: ['us', 'ms', 's', 'min', 'h'],
  ms: ['us', 'ms', 's', 'min', 'h'],
};

/** What a quantity with a unit looks like, as a regular expression of JSON Schema, which has no flag for case. */
export function quantityPattern(unit: Unit): string {
  const suffixes = SUFFIXES[unit].map((suffix) =>
    suffix.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`),
  );
  return `^\\s*\\d+(\\.\\d+)?\\s*(${suffixes.join('|')})\\s*$`;
}
