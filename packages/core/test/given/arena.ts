import { macWord0, macWord1, parseMac, VmRunState } from '@fairlead/sdk';
import { Arena, type ArenaHandle, createArena } from '../../src/memory/arena.ts';
import { FramePool } from '../../src/memory/frame-pool.ts';
import type { MemoryShape } from '../../src/memory/layout.ts';
import { macOf } from './frames.ts';

/** A shape that fits most tests: few rows, short rings. */
export function smallShape(change: Partial<MemoryShape> = {}): MemoryShape {
  return {
    vms: 3,
    nics: 2,
    workers: 1,
    poolFrames: 1024,
    slotBytes: 2048,
    txRingFrames: 16,
    rxRingFrames: 16,
    nicRingFrames: 64,
    ...change,
  };
}

/** Shared memory with its VMs' rows filled: each has its MAC, and belongs to a worker in turn. */
export function filledArena(change: Partial<MemoryShape> = {}): ArenaHandle {
  const shape = smallShape(change);
  const handle = createArena(shape, {
    nics: Array.from({ length: shape.nics }, (_, nic) => `nic${nic}`),
    vms: Array.from({ length: shape.vms }, (_, vm) => `vm${vm}`),
  });
  const { vms } = new Arena(handle, shape.workers);
  for (let vm = 0; vm < shape.vms; vm++) {
    const mac = parseMac(macOf(vm));
    vms.macWord0[vm] = macWord0(mac);
    vms.macWord1[vm] = macWord1(mac);
    vms.worker[vm] = vm % shape.workers;
    vms.runState[vm] = VmRunState.Running;
  }
  return handle;
}

/** Where every slot of the pool is: how often among the free ones and in the rings together. Each belongs once. */
function slotCounts(handle: ArenaHandle): Int32Array {
  const arena = new Arena(handle, 0);
  const counts = new Int32Array(arena.pool.slots);
  FramePool.forEachFree(handle.memory, arena.layout, (slot) => counts[slot]++);
  for (const group of [arena.txRings, arena.rxRings, arena.nicRings]) {
    for (let ring = 0; ring < group.rings; ring++) {
      for (let i = 0; i < group.length(ring); i++) counts[group.entry(ring, i) >>> arena.pool.lengthBits]++;
    }
  }
  for (let ring = 0; ring < arena.handoffRings.rings; ring++) {
    for (let i = 0; i < arena.handoffRings.length(ring); i += 2) {
      counts[arena.handoffRings.entry(ring, i) >>> arena.pool.lengthBits]++;
    }
  }
  for (const descriptor of arena.hostRings.descriptors()) counts[descriptor >>> arena.pool.lengthBits]++;
  return counts;
}

/** Slots that are in two places, and slots that are in none. */
export function strayedSlots(handle: ArenaHandle): { twice: number[]; lost: number[] } {
  const counts = slotCounts(handle);
  const slots = [...counts.keys()];
  return { twice: slots.filter((slot) => counts[slot] > 1), lost: slots.filter((slot) => counts[slot] === 0) };
}

export const NONE_STRAYED = { twice: [], lost: [] };
