import { MAX_BATCH } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { RING_CONTROL_WORDS } from '../memory/layout.ts';
import type { Waiting } from './classify.ts';
import type { Observer } from './observer.ts';

/**
 * Shows what VMs send to the detectors: every entry of a ring once, before the turn in which it can be dealt with for the
 * first time, however often the VM is asked about after that. Whose frame it is says the ring, whatever its source MAC
 * claims. In a slice that is not shown they are counted and no more. A hot function, see forwarder.ts.
 */
export function watchRings(arena: Arena, { run, observe, slices }: Observer, waiting: Waiting): Waiting {
  const { entries, control, mask, size } = arena.txRings;
  const { lengthBits, lengthMask, slotStride, slots } = arena.pool;
  const fixed = {
    ring: { entries, control, mask, size, controlWords: RING_CONTROL_WORDS },
    slot: { lengthBits, lengthMask, slotStride, slots, headroom: arena.pool.offset(0) },
    out: { run, offset: run.frames.offset, bytes: run.frames.bytes },
    /** The ring position behind the last frame that was shown, or went by in a slice that is not. */
    shown: new Int32Array(arena.vms.count),
    most: MAX_BATCH,
    observe,
    slices,
    waiting,
  };
  for (let vm = 0; vm < arena.vms.count; vm++) fixed.shown[vm] = control[vm * RING_CONTROL_WORDS];

  /** Shows up to a batch of the ring's entries from `from` on, and returns behind which one it stopped. */
  function show(vm: number, from: number, tail: number): number {
    const { entries, mask, size } = fixed.ring;
    const { lengthBits, lengthMask, slotStride, slots, headroom } = fixed.slot;
    const { run, offset, bytes } = fixed.out;
    const { most, observe } = fixed;
    const base = Math.imul(vm, size);
    let count = 0;
    let total = 0;
    let at = from;
    for (; at !== tail && count < most; at = (at + 1) | 0) {
      const descriptor = entries[base + (at & mask)];
      const slot = descriptor >>> lengthBits;
      if (slot >= slots) continue; // names no frame
      const length = descriptor & lengthMask;
      offset[count] = Math.imul(slot, slotStride) + headroom;
      bytes[count] = length;
      total = (total + length) | 0;
      count = (count + 1) | 0;
    }
    if (count === 0) return at;
    run.vm = vm;
    run.direction = 'outbound';
    run.count = count;
    run.bytes = total;
    observe();
    return at;
  }

  return function watchedWaiting(vm) {
    const { control, controlWords } = fixed.ring;
    const { shown, waiting, slices } = fixed;
    const count = waiting(vm);
    if (count <= 0) return count;
    const head = control[Math.imul(vm, controlWords)];
    const tail = (head + count) | 0;
    let at = shown[vm];
    if (at === tail) return count;
    if (((at - head) | 0) < 0) at = head; // taken out by somebody else than this loop
    slices.passed += (tail - at) | 0;
    shown[vm] = tail;
    if (!slices.on) return count;
    while (at !== tail) at = show(vm, at, tail);
    return count;
  };
}
