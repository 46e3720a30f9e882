import { DROP_REASON_COUNT, FairleadError } from '@fairlead/sdk';
import type { Arena } from './memory/arena.ts';
import { NicTotals } from './memory/nic-view.ts';

/** Where the frames of a VM or NIC went. Balanced when `accepted = transmitted + queued + dropped`. */
export interface Account {
  /** Whose: `vm web, outbound`. */
  readonly subject: string;
  /** Frames that were taken in. */
  readonly accepted: number;
  /** Frames that were handed on. */
  readonly transmitted: number;
  /** Counted in the rings, not derived from the other figures. */
  readonly queued: number;
  /** Frames that were dropped, under any reason. */
  readonly dropped: number;
  /** Frames that are in none of these: 0, or the host is at fault. */
  readonly missing: number;
}

function account(subject: string, accepted: number, transmitted: number, queued: number, dropped: number): Account {
  return { subject, accepted, transmitted, queued, dropped, missing: accepted - transmitted - queued - dropped };
}

function sum(column: Float64Array, row: number): number {
  let total = 0;
  for (let i = 0; i < DROP_REASON_COUNT; i++) total += column[row * DROP_REASON_COUNT + i];
  return total;
}

/**
 * The conservation law, per VM and per NIC, in both directions. Exact whenever the forwarding workers are quiet; while
 * they run a reader may see a batch half counted.
 *
 * @example
 * ```ts
 * import { type Account, accounts, assertConserved } from '@fairlead/core';
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 1, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web'] });
 * const arena = new Arena(handle, shape.workers);
 * const told = ({ subject, accepted, missing }: Account) => `${subject}: ${accepted}, ${missing} missing`;
 * console.log(accounts(arena).map(told).join('\n'));
 * assertConserved(arena);
 * ```
 */
export function accounts(arena: Arena): Account[] {
  const { vms, txRings, rxRings, nicRings } = arena;
  const { shape, names } = arena.handle;
  const totals = new NicTotals(arena.handle.memory, arena.layout);
  const all: Account[] = [];
  for (let vm = 0; vm < shape.vms; vm++) {
    const name = names.vms[vm];
    const dropped = sum(vms.dropped, vm) + sum(vms.refused, vm);
    all.push(
      account(`vm ${name} outbound`, vms.acceptedFrames[vm], vms.transmittedFrames[vm], txRings.length(vm), dropped),
    );
    const offered = vms.rxOfferedFrames[vm];
    all.push(account(`vm ${name} inbound`, offered, vms.rxTakenFrames[vm], rxRings.length(vm), sum(vms.rxDropped, vm)));
  }
  for (let nic = 0; nic < shape.nics; nic++) {
    let queued = 0;
    for (let worker = 0; worker < shape.workers; worker++) queued += nicRings.length(worker * shape.nics + nic);
    let dropped = 0;
    let rxDropped = 0;
    for (let reason = 0; reason < DROP_REASON_COUNT; reason++) {
      dropped += totals.read('dropped', nic, reason);
      rxDropped += totals.read('rxDropped', nic, reason);
    }
    const left = totals.read('txFrames', nic) + totals.read('takenBackFrames', nic);
    all.push(account(`nic ${names.nics[nic]} outbound`, totals.read('enqueuedFrames', nic), left, queued, dropped));
    const forwarded = totals.read('rxForwardedFrames', nic);
    all.push(account(`nic ${names.nics[nic]} inbound`, totals.read('rxFrames', nic), forwarded, 0, rxDropped));
  }
  return all;
}

/**
 * Checks the conservation law.
 * @throws FairleadError `FAIRLEAD_ERR_CONSERVATION` naming every VM and NIC whose frames are not all accounted for.
 * @example
 * ```ts
 * import { assertConserved } from '@fairlead/core';
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 1, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web'] });
 * assertConserved(new Arena(handle, shape.workers)); // nothing has come, nothing is missing
 * ```
 */
export function assertConserved(arena: Arena): void {
  const wrong = accounts(arena).filter((entry) => entry.missing !== 0);
  if (wrong.length === 0) return;
  const list = wrong.map(
    ({ subject, accepted, transmitted, queued, dropped, missing }) =>
      `${subject}: ${accepted} ≠ ${transmitted} + ${queued} + ${dropped} (${missing} missing)`,
  );
  throw new FairleadError('FAIRLEAD_ERR_CONSERVATION', `frames are not accounted for: ${list.join('; ')}`);
}
