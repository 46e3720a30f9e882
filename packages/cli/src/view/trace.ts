import type { FrameTrace, TraceOutcome } from '@fairlead/core';
import { fit, shortBytes, shortRate } from './figures.ts';

const OUTCOMES: Readonly<Record<TraceOutcome, string>> = {
  queued: 'on the queue of its NIC',
  waits: "waits in the VM's ring",
  'no-room': "waits in the VM's ring: the queue of its NIC is full",
  'no-nic': "waits in the VM's ring: no NIC serves its team",
  dropped: 'dropped',
  delivered: 'given to a VM of this host',
};

const line = (stage: string, text: string): string => `  ${fit(stage, 12)}${text}`;

/**
 * A frame's way, a paragraph for each stage:
 *
 * ```
 * 0.050000 s  web  1500 bytes  52:54:00:00:00:01 > 02:00:00:00:00:99
 *   classify    ordinary: from its own address, for somebody beyond this host
 *   admit       shaping-filter: admit, the buckets held its 1500 bytes
 *   distribute  pending-load: uplink1, the least loaded
 *             * uplink1 …
 * ```
 */
export function traceLines(frame: FrameTrace): string[] {
  const { atUs, vm, bytes, source, destination, turns, classify, outcome, failed } = frame;
  const addresses = source === '' ? '' : `  ${source} > ${destination}`;
  const asked = turns > 1 ? `, after ${turns} turns of its VM` : '';
  return [
    `${(atUs / 1e6).toFixed(6)} s  ${vm}  ${bytes} bytes${addresses}`,
    line('classify', `${classify.kind}: ${classify.why}`),
    ...admitLines(frame),
    ...distributeLines(frame),
    ...sendLines(frame),
    line('outcome', `${OUTCOMES[outcome]}${asked}${failed ? '; a policy failed over its batch' : ''}`),
  ];
}

function admitLines({ admit }: FrameTrace): string[] {
  if (admit === null) return [];
  const { policy, verdict, reason, retryAtUs, backlogFrames, why, state } = admit;
  const more = `${reason === null ? '' : ` (${reason})`}${retryAtUs === null ? '' : `, until ${(retryAtUs / 1e6).toFixed(6)} s`}`;
  return [
    line('admit', `${policy}: ${verdict}${more}: ${why}`),
    line('', `${stateText(state)}, ${backlogFrames} waiting`),
  ];
}

function distributeLines({ distribute }: FrameTrace): string[] {
  if (distribute === null) return [];
  const { policy, nic, why, state, nics } = distribute;
  return [
    line('distribute', `${policy}: ${nic}: ${why}`),
    ...(Object.keys(state).length === 0 ? [] : [line('', stateText(state))]),
    ...nics.map((one) => {
      const pending = `${shortBytes(one.pendingBytes)} pending`;
      const row = `${fit(one.nic, 14)}${fit(shortRate(one.speedBps), 9, 'right')}${fit(pending, 16, 'right')}`;
      return `            ${one.chosen ? '*' : '-'} ${row}  ${one.why}`;
    }),
  ];
}

function sendLines({ send }: FrameTrace): string[] {
  if (send === null) return [];
  const { nic, queuedFrames, roomFrames } = send;
  return [line('send', `${nic}: ${queuedFrames} frames on its queue, room for ${roomFrames}`)];
}

function stateText(state: Readonly<Record<string, string | number | boolean | null>>): string {
  // Over the control socket what is infinite comes as null.
  const value = (name: string, one: string | number | boolean | null): string => {
    if (one === null || one === Number.POSITIVE_INFINITY) return 'none';
    return typeof one === 'number' && name.endsWith('Bps') ? shortRate(one) : String(one);
  };
  return Object.entries(state)
    .map(([name, one]) => `${name} ${value(name, one)}`)
    .join(', ');
}
