import { type Explanation, type NicTable, NO_NIC_YET } from '@fairlead/sdk';
import type { Share } from './share.ts';

/** A frame that was given its NIC, and what it belongs to. */
interface Placed {
  readonly what: string;
  readonly unit: number;
  readonly chosen: number;
  /** What each NIC had to carry in the last interval, of its speed. */
  percentOf(nic: number): number;
}

/** Why a frame went where its VM or its bucket is, or waits until that has moved. */
export function explainPlace(
  nics: NicTable,
  { places, load }: Share,
  { what, unit, chosen, percentOf }: Placed,
): Explanation {
  const { available, availableCount, names, pendingFrames } = nics;
  const at = places.nic[unit];
  const loadBps = Math.round(load[unit]);
  const others = [...available.subarray(0, availableCount)].filter((nic) => nic !== chosen);
  if (chosen === NO_NIC_YET) {
    const to = places.to[unit];
    if (to < 0) return { why: 'it is behind a frame that waits', state: { loadBps } };
    const role = (nic: number): string =>
      nic === at ? 'still has frames of it' : nic === to ? 'is next' : 'is not where it moves to';
    const rejected = new Map(others.map((nic) => [nic, role(nic)]));
    const why = `${what} moves to ${names[to]} as soon as ${names[at]} has taken what it has of it`;
    return { why, state: { loadBps, pendingFrames: pendingFrames[at] }, rejected };
  }
  const had = (nic: number): string => `had ${percentOf(nic)}% of its speed to carry in the last interval`;
  return {
    why: `${what} is here`,
    state: { loadBps, nicPercent: percentOf(chosen) },
    rejected: new Map(others.map((nic) => [nic, had(nic)])),
  };
}
