import type { Host } from '@fairlead/core';

/** How unevenly the NICs were loaded in the course of a run. */
export interface Skew {
  /** The widest gap between two NICs, as a part of what the bound allows that pair. */
  readonly worst: number;
  /** Bytes that each NIC put on its wire. */
  readonly sentBytes: readonly number[];
  /** Passes looked at in which something was pending. */
  readonly looks: number;
}

export interface SkewBound {
  readonly grainBytes: number;
  readonly longestFrameBytes: number;
}

/**
 * Runs the host and looks, each time nothing moves any more, at what is pending on each NIC as time at its speed.
 *
 * For NICs m and k the bound of pending-load is grain / s(k) + frame / s(m), its README says why. A simulated NIC takes
 * a frame off the queue whole when it begins to send it, which can move either one by a frame more.
 */
export function watchSkew(
  host: Host,
  forUs: number,
  stepUs: number,
  { grainBytes, longestFrameBytes }: SkewBound,
): Skew {
  const endUs = host.nowUs + forUs;
  let worst = 0;
  let looks = 0;
  while (host.nowUs < endUs) {
    host.run(stepUs, stepUs);
    const nics = host.nics.list();
    if (nics.some((status) => status.pendingBytes > 0)) looks++;
    for (const m of nics) {
      for (const k of nics) {
        if (m === k) continue;
        const gapUs = (m.pendingBytes / m.speedBps - k.pendingBytes / k.speedBps) * 8e6;
        const boundUs = ((grainBytes + longestFrameBytes) / k.speedBps + (2 * longestFrameBytes) / m.speedBps) * 8e6;
        worst = Math.max(worst, gapUs / boundUs);
      }
    }
  }
  return { worst, looks, sentBytes: host.nics.list().map((status) => status.txBytes) };
}

/** One line of a table: what the NICs are, how far the gap got, and what part of the bytes each sent. */
export function skewLine(speedsBps: readonly number[], { worst, sentBytes }: Skew): string {
  const slowestBps = Math.min(...speedsBps);
  const total = sentBytes.reduce((sum, bytes) => sum + bytes, 0);
  const nics = speedsBps.map((speedBps) => speedBps / slowestBps).join(' : ');
  const parts = sentBytes.map((bytes) => ((100 * bytes) / total).toFixed(1)).join('  ');
  return `${nics.padEnd(30)} ${`${Math.round(100 * worst)} %`.padStart(8)}   ${parts}`;
}

export const SKEW_HEADING = `${'NICs, by speed'.padEnd(30)} ${'of bound'.padStart(8)}   % of the bytes`;
