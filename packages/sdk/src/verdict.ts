/** What an admission policy says of one frame. */
export const Verdict = { Admit: 0, Queue: 1, Drop: 2 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/**
 * Why a frame was dropped. The order is the column order of `dropped` in every table, so a name is only ever
 * appended; a retired one keeps its place.
 */
export const DROP_REASONS = [
  'policed', // the admission policy refused it for good
  'spoofed', // source MAC is not the VM's own (port security)
  'runt', // shorter than an Ethernet header (14 bytes)
  'oversize', // longer than the frame slot or the NIC's MTU
  'malformed', // the device's framing was broken
  'ring-full', // the virtual NIC's ring had no room
  'pool-empty', // no free frame slot
  'no-destination', // inbound unicast for a MAC that no local VM has
  'reflected', // inbound frame whose source is a local VM
  'nic-error', // the driver or the wire refused it
  'worker-lost', // held by a worker that died
  'duplicate', // inbound group frame that another member of the team receives as well
  'failed-closed', // a policy failed whose failure mode is closed
  'migrated', // waited here when its VM went to another host, which has it now
] as const;
/** A drop reason by its name, as it stands in accounts and metrics. */
export type DropReasonName = (typeof DROP_REASONS)[number];

/** Drop reasons as numbers, the index into `dropped[row * DROP_REASON_COUNT + reason]`. */
export const DropReason = {
  Policed: 0,
  Spoofed: 1,
  Runt: 2,
  Oversize: 3,
  Malformed: 4,
  RingFull: 5,
  PoolEmpty: 6,
  NoDestination: 7,
  Reflected: 8,
  NicError: 9,
  WorkerLost: 10,
  Duplicate: 11,
  FailedClosed: 12,
  Migrated: 13,
} as const;
export type DropReason = (typeof DropReason)[keyof typeof DropReason];

/** Drop reasons: the width of every `dropped` column. */
export const DROP_REASON_COUNT = DROP_REASONS.length;
