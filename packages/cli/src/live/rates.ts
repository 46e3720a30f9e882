import { DROP_REASONS } from '@fairlead/sdk';
import type { NicSample, Sample, VmSample } from './sample.ts';

export interface VmRates {
  readonly name: string;
  readonly state: string;
  /** What the guest wants to send, in bit/s; undefined when only the guest knows. */
  readonly offeredBps: number | undefined;
  readonly txBps: number;
  readonly rxBps: number;
  readonly limitBps: number;
  readonly backlogFrames: number;
  /** Since the start. */
  readonly droppedFrames: number;
}

export interface NicRates {
  readonly name: string;
  readonly state: string;
  readonly speedBps: number;
  readonly txBps: number;
  readonly rxBps: number;
  /** Part of its speed that it sends at, 0 to 1. */
  readonly load: number;
  readonly pendingBytes: number;
  /** Since the start. */
  readonly droppedFrames: number;
}

/** A host as it is shown: rates over the time between two samples, the rest as of the later one. */
export interface Rates {
  /** Since the host was made, in seconds. */
  readonly seconds: number;
  readonly vms: readonly VmRates[];
  readonly nics: readonly NicRates[];
  readonly txBps: number;
  readonly rxBps: number;
  readonly backlogFrames: number;
  /** Frames dropped since the start, for each reason that has any. */
  readonly drops: readonly (readonly [reason: string, frames: number])[];
}

/** What happened between two samples of one host. */
export function ratesBetween(before: Sample, after: Sample): Rates {
  const elapsedUs = after.atUs - before.atUs;
  const rate = (from: number, to: number): number => (elapsedUs > 0 ? (Math.max(0, to - from) * 8e6) / elapsedUs : 0);
  const vms = after.vms.map((now, i): VmRates => {
    const { offeredBytes: was, txBytes, rxBytes } = before.vms[i] as VmSample;
    const { name, state, limitBps, backlogFrames, droppedFrames } = now;
    const offeredBps = now.offeredBytes === undefined || was === undefined ? undefined : rate(was, now.offeredBytes);
    const txBps = rate(txBytes, now.txBytes);
    return {
      name,
      state,
      offeredBps,
      txBps,
      rxBps: rate(rxBytes, now.rxBytes),
      limitBps,
      backlogFrames,
      droppedFrames,
    };
  });
  const nics = after.nics.map((now, i): NicRates => {
    const was = before.nics[i] as NicSample;
    const { name, state, speedBps, pendingBytes, droppedFrames } = now;
    const txBps = rate(was.txBytes, now.txBytes);
    const load = speedBps > 0 ? txBps / speedBps : 0;
    return { name, state, speedBps, txBps, rxBps: rate(was.rxBytes, now.rxBytes), load, pendingBytes, droppedFrames };
  });
  return {
    seconds: after.atUs / 1e6,
    vms,
    nics,
    txBps: sum(nics.map((nic) => nic.txBps)),
    rxBps: sum(nics.map((nic) => nic.rxBps)),
    backlogFrames: sum(vms.map((vm) => vm.backlogFrames)),
    drops: DROP_REASONS.flatMap((reason, i) => (after.drops[i] > 0 ? [[reason, after.drops[i]] as const] : [])),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
