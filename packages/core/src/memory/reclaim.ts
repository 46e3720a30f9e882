import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import type { Arena } from './arena.ts';
import { FramePool } from './frame-pool.ts';
import type { RingGroup } from './ring-group.ts';

/**
 * Accounts for what a dead forwarding worker held. A batch is committed at its end, so what it was working on is still
 * in the VM's ring; only frames between two rings are lost. They are found by marking every slot that is free or in a
 * ring, as a garbage collector does; the rest go back to the pool and are counted as `worker-lost`.
 *
 * Only while every other worker is paused. Returns the number of slots that were found.
 */
export function reclaim(arena: Arena, worker: number): number {
  balance(arena, worker);
  const { pool } = arena;
  const known = new Uint8Array(pool.slots);
  FramePool.forEachFree(arena.handle.memory, arena.layout, (slot) => {
    known[slot] = 1;
  });
  for (const group of [arena.txRings, arena.rxRings, arena.nicRings]) markRings(group, pool.lengthBits, known);
  for (let ring = 0; ring < arena.handoffRings.rings; ring++) {
    const pairs = arena.handoffRings.length(ring) >>> 1;
    for (let i = 0; i < pairs; i++) known[arena.handoffRings.entry(ring, 2 * i) >>> pool.lengthBits] = 1;
  }
  for (const descriptor of arena.hostRings.descriptors()) {
    const slot = descriptor >>> pool.lengthBits;
    if (slot < pool.slots) known[slot] = 1;
  }
  let found = 0;
  for (let slot = 0; slot < pool.slots; slot++) {
    if (known[slot] === 1) continue;
    pool.free(slot);
    found++;
  }
  return found;
}

function markRings(group: RingGroup, lengthBits: number, known: Uint8Array): void {
  for (let ring = 0; ring < group.rings; ring++) {
    const length = group.length(ring);
    for (let i = 0; i < length; i++) {
      const slot = group.entry(ring, i) >>> lengthBits;
      if (slot < known.length) known[slot] = 1;
    }
  }
}

/** Counts what is missing from the accounts of the worker's VMs and queues as lost with it. */
function balance(arena: Arena, worker: number): void {
  const { vms, txRings, rxRings } = arena;
  const total = (column: Float64Array, row: number): number => {
    let sum = 0;
    for (let i = 0; i < DROP_REASON_COUNT; i++) sum += column[row * DROP_REASON_COUNT + i];
    return sum;
  };
  for (let vm = 0; vm < vms.count; vm++) {
    if (vms.worker[vm] !== worker) continue;
    const known = vms.transmittedFrames[vm] + txRings.length(vm) + total(vms.dropped, vm) + total(vms.refused, vm);
    vms.dropped[vm * DROP_REASON_COUNT + DropReason.WorkerLost] += vms.acceptedFrames[vm] - known;
    const arrived = vms.rxTakenFrames[vm] + rxRings.length(vm);
    vms.rxFrames[vm] = arrived;
    const missing = vms.rxOfferedFrames[vm] - arrived - total(vms.rxDropped, vm);
    vms.rxDropped[vm * DROP_REASON_COUNT + DropReason.WorkerLost] += missing;
  }
  balanceNics(arena, worker);
}

function balanceNics(arena: Arena, worker: number): void {
  const { nics, nicRings } = arena.lane(worker);
  for (let nic = 0; nic < nics.count; nic++) {
    let dropped = 0;
    let rxDropped = 0;
    for (let i = 0; i < DROP_REASON_COUNT; i++) {
      dropped += nics.dropped[nic * DROP_REASON_COUNT + i];
      rxDropped += nics.rxDropped[nic * DROP_REASON_COUNT + i];
    }
    const queued = nicRings.length(worker * nics.count + nic);
    // A queue's tail may have moved without its counter, or its head without its own: the rings are right.
    nics.enqueuedFrames[nic] = Math.max(
      nics.enqueuedFrames[nic],
      nics.txFrames[nic] + nics.takenBackFrames[nic] + queued + dropped,
    );
    const lost = nics.enqueuedFrames[nic] - nics.txFrames[nic] - nics.takenBackFrames[nic] - queued - dropped;
    nics.dropped[nic * DROP_REASON_COUNT + DropReason.WorkerLost] += lost;
    nics.rxFrames[nic] = Math.max(nics.rxFrames[nic], nics.rxForwardedFrames[nic] + rxDropped);
    const rxLost = nics.rxFrames[nic] - nics.rxForwardedFrames[nic] - rxDropped;
    nics.rxDropped[nic * DROP_REASON_COUNT + DropReason.WorkerLost] += rxLost;
  }
}
