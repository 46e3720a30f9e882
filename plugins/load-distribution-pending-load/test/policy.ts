import type { NicTable, Static, TransmitBatch } from '@fairlead/sdk';
import { testBatch } from '@fairlead/sdk/testing';
import type { PendingLoad, pendingLoadOptions } from '../src/index.ts';

export const DEFAULTS: Static<typeof pendingLoadOptions> = {
  grainBytes: 1514,
  granularity: 'frame',
  flowletGapUs: 20_000,
  priority: false,
  priorityHoldUs: 10_000,
  reservations: false,
};

/** Has a batch decided and, as the host does, counts its frames as pending on their NICs. Returns the NICs chosen. */
export function send(
  policy: PendingLoad,
  nics: NicTable,
  bytes: readonly number[],
  about: { vm?: number; nowUs?: number } = {},
  into?: TransmitBatch,
): number[] {
  const batch = testBatch(bytes, about, into);
  policy.select(batch);
  const chosen = [...batch.nic.subarray(0, bytes.length)];
  for (const [i, nic] of chosen.entries()) nics.pendingBytes[nic] += bytes[i];
  return chosen;
}

/** How long what is pending on a NIC takes at its speed. */
export function drainUs(nics: NicTable, nic: number): number {
  return (nics.pendingBytes[nic] * 8e6) / nics.speedBps[nic];
}

/** Lets every NIC send at its speed for a time. */
export function drain(nics: NicTable, us: number): void {
  for (let nic = 0; nic < nics.count; nic++) {
    nics.pendingBytes[nic] = Math.max(0, nics.pendingBytes[nic] - (nics.speedBps[nic] * us) / 8e6);
  }
}

export function bytesByNic(chosen: readonly number[], bytes: readonly number[], nicCount: number): number[] {
  const sums = Array<number>(nicCount).fill(0);
  for (const [i, nic] of chosen.entries()) sums[nic] += bytes[i];
  return sums;
}
