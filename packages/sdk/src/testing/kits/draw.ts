import type { Random } from '../../clock.ts';

/** A whole number from `low` to `high`, both possible. */
export function drawInt(random: Random, low: number, high: number): number {
  return low + Math.floor(random.next() * (high - low + 1));
}

export function drawOne<T>(random: Random, values: readonly T[]): T {
  return values[drawInt(random, 0, values.length - 1)];
}

export function drawList<T>(random: Random, length: number, draw: () => T): T[] {
  return Array.from({ length }, draw);
}

const LINK_SPEEDS_BPS = [0, 10e6, 100e6, 1e9, 2.5e9, 10e9, 25e9, 100e9];

/** Speeds as links have them; 0 for a NIC that does not say. */
export function drawSpeeds(random: Random, count: number): number[] {
  return drawList(random, count, () => drawOne(random, LINK_SPEEDS_BPS));
}

/** VMs that differ in reservation, shares and priority, without a limit. */
export function drawVms(random: Random, count: number): { reservationBps: number; shares: number; priority: number }[] {
  return drawList(random, count, () => ({
    reservationBps: drawOne(random, [0, 0, 1e6, 100e6, 5e9]),
    shares: drawOne(random, [1, 1, 2, 10]),
    priority: drawInt(random, 0, 2),
  }));
}

/** `1 Gbit/s`, `2.5 Gbit/s`, `10 Mbit/s`. */
export function tellRate(rateBps: number): string {
  if (rateBps >= 1e9) return `${rateBps / 1e9} Gbit/s`;
  return rateBps >= 1e6 ? `${rateBps / 1e6} Mbit/s` : `${rateBps} bit/s`;
}

/** `64 64 1514`, equal runs written `64 ×30`. */
export function tellBytes(bytes: readonly number[]): string {
  const runs: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    let end = i;
    while (end < bytes.length && bytes[end] === bytes[i]) end++;
    runs.push(
      end - i > 2
        ? `${bytes[i]} ×${end - i}`
        : Array(end - i)
            .fill(bytes[i])
            .join(' '),
    );
    i = end;
  }
  return runs.join(' ');
}
