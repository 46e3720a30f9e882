import type { Explanation, NicTable, TransmitBatch } from '@fairlead/sdk';
import type { NicPace } from './nic-pace.ts';

/** Why frame `i` went where it went: when each NIC would be finished with it, those of its batch before it counted. */
export function explainFinish(
  nics: NicTable,
  pace: NicPace,
  grainBytes: number,
  outranked: boolean,
  batch: TransmitBatch,
  i: number,
): Explanation {
  pace.learn();
  const chosen = batch.nic[i];
  const finishUs = (nic: number): number => {
    let ahead = nics.pendingBytes[nic];
    for (let k = 0; k < i; k++) if (batch.nic[k] === nic) ahead += batch.bytes[k];
    return (ahead + batch.bytes[i]) * pace.usPerByte[nic];
  };
  const mineUs = finishUs(chosen);
  const others = [...nics.available.subarray(0, nics.availableCount)].filter((nic) => nic !== chosen);
  const first = Math.min(...others.map(finishUs));
  const about = (nic: number): string => {
    const laterUs = finishUs(nic) - mineUs;
    if (laterUs > 0) return `would be finished with it ${laterUs.toFixed(1)} µs later`;
    if (laterUs === 0) return 'would be finished with it at the same time; they take turns';
    const sooner = `would be finished with it ${(-laterUs).toFixed(1)} µs sooner`;
    if (outranked && finishUs(nic) === first) return `${sooner}, and is left to VMs of higher priority that send too`;
    return `${sooner}; a choice holds for ${grainBytes} bytes at least`;
  };
  const why = outranked ? 'the least loaded of those that are left by VMs of higher priority' : 'the least loaded';
  return {
    why: others.length === 0 ? 'no other NIC serves' : why,
    state: { finishUs: Math.round(mineUs * 10) / 10, grainBytes, outranked },
    rejected: new Map(others.map((nic) => [nic, about(nic)])),
  };
}
