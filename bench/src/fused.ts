// The transmit path fused by hand: one monomorphic loop over typed arrays, which knows every policy beforehand. It walks
// the same steps over the same layouts as ../peer/transmit_fused.c and is the base that `transmit.plugin_tax` is measured
// against.

import {
  BATCH,
  BURST,
  EMPTY,
  ENTRIES,
  FRAME_BYTES,
  FULL,
  type FusedMemory,
  LOCAL,
  MAGAZINE,
  NIC_RING,
  NIC_RING_WORDS,
  Nic,
  NicInt,
  SLOT_BYTES,
  SLOT_WORDS,
  STACK,
  TAIL,
  VM_RING,
  VM_RING_WORDS,
  Vm,
  VmInt,
} from './fused-memory.ts';
import { hasMac } from './mac-table.ts';

const VM_MASK = VM_RING - 1;
const NIC_MASK = NIC_RING - 1;
const LENGTH_BITS = 11;
const LENGTH_MASK = SLOT_BYTES - 1;
const HEADER_BYTES = 14;
const MAX_FRAME_BYTES = 1514;

export interface FusedPath {
  /** One batch of 64-byte frames for a VM. */
  produce(vm: number): void;
  /** One batch of every VM that has frames, the NICs drained in between. Answers the frames taken from the VMs. */
  sweep(nowUs: number): number;
  /** Frames by their fate; `swept = sent + pending + dropped` must hold. */
  tally(): { sent: number; pending: number; dropped: number };
}

/** To be called once in a process: V8 takes what a function captures for a constant only while one such function exists. */
export function fusedPath(memory: FusedMemory, vms: number, nics: number): FusedPath {
  const { slots, frames, slotVm, vmRings, vmNumbers, vmIntegers, nicRings, nicNumbers, nicIntegers } = memory;
  const { doorbell, ready, macs, depotHeads, depotNext, magazines, producerStack, consumerStack } = memory;
  const words = doorbell.length;
  const drainAt = BURST * (nics + 1);
  const burstSlot = new Int32Array(BURST);
  const burstOffset = new Int32Array(BURST);
  const burstBytes = new Int32Array(BURST);
  let lastLow = 0; // the destination that was last found to be beyond this host
  let lastHigh = 0;
  let currentNic = 0; // pending-load's choice, kept while its backlog has grown by less than one frame
  let currentLeft = 0;

  function push(stack: number, magazine: number): void {
    for (;;) {
      const head = Atomics.load(depotHeads, stack);
      depotNext[magazine] = (head & 0xffff) - 1;
      const next = ((head + 0x10000) & 0xffff0000) | (magazine + 1);
      if (Atomics.compareExchange(depotHeads, stack, head, next) === head) return;
    }
  }

  function pop(stack: number): number {
    for (;;) {
      const head = Atomics.load(depotHeads, stack);
      const magazine = (head & 0xffff) - 1;
      if (magazine < 0) return -1;
      const next = ((head + 0x10000) & 0xffff0000) | (depotNext[magazine] + 1);
      if (Atomics.compareExchange(depotHeads, stack, head, next) === head) return magazine;
    }
  }

  function load(): void {
    const magazine = pop(FULL);
    if (magazine < 0) throw new Error('the pool is empty');
    for (let i = 0; i < MAGAZINE; i++) producerStack[STACK + i] = magazines[magazine * MAGAZINE + i];
    producerStack[0] = MAGAZINE;
    push(EMPTY, magazine);
  }

  function unload(): void {
    const magazine = pop(EMPTY);
    for (let i = 0; i < MAGAZINE; i++) {
      magazines[magazine * MAGAZINE + i] = consumerStack[STACK + MAGAZINE + i];
    }
    consumerStack[0] = MAGAZINE;
    push(FULL, magazine);
  }

  function free(slot: number): void {
    if (consumerStack[0] === LOCAL) unload();
    const top = consumerStack[0];
    consumerStack[STACK + top] = slot;
    consumerStack[0] = top + 1;
  }

  function produce(v: number): void {
    const ring = v * VM_RING_WORDS;
    const head = vmRings[ring];
    if (VM_RING - ((head - Atomics.load(vmRings, ring + TAIL)) | 0) < BATCH) throw new Error('the ring is full');
    for (let i = 0; i < BATCH; i++) {
      if (producerStack[0] === 0) load();
      const top = producerStack[0] - 1;
      producerStack[0] = top;
      const slot = producerStack[STACK + top];
      const word = slot * SLOT_WORDS;
      frames[word] = 0x4702 << 16; // one destination beyond this host
      frames[word + 1] = 0x01000000;
      frames[word + 2] = vmIntegers[v * VmInt.Integers + VmInt.MacLow];
      frames[word + 3] = 0x00080000 | vmIntegers[v * VmInt.Integers + VmInt.MacHigh];
      slotVm[slot] = v;
      vmRings[ring + ENTRIES + ((head + i) & VM_MASK)] = (slot << LENGTH_BITS) | FRAME_BYTES;
    }
    Atomics.store(vmRings, ring, (head + BATCH) | 0);
    const bit = 1 << (v & 31);
    if ((Atomics.load(doorbell, v >>> 5) & bit) === 0) Atomics.or(doorbell, v >>> 5, bit);
  }

  function leastLoaded(): number {
    let best = 0;
    let bestSeconds = Number.POSITIVE_INFINITY;
    for (let n = 0; n < nics; n++) {
      const row = n * Nic.Numbers;
      const seconds = nicNumbers[row + Nic.PendingBytes] * nicNumbers[row + Nic.SecondsPerByte];
      if (seconds < bestSeconds && nicIntegers[n * NicInt.Integers + NicInt.Up] !== 0) {
        bestSeconds = seconds;
        best = n;
      }
    }
    return best;
  }

  /** What a NIC has been given since `account` was last called goes into its row, and its ring is published. */
  function account(nic: number, head: number, count: number, bytes: number): void {
    const row = nic * Nic.Numbers;
    nicNumbers[row + Nic.PendingBytes] += bytes;
    nicNumbers[row + Nic.PendingFrames] += count;
    nicNumbers[row + Nic.QueuedBytes] += bytes;
    nicNumbers[row + Nic.QueuedFrames] += count;
    nicRings[nic * NIC_RING_WORDS] = head;
  }

  function runVm(v: number, nowUs: number): number {
    const ring = (v * VM_RING_WORDS) | 0;
    const integers = v * VmInt.Integers;
    const numbers = v * Vm.Numbers;
    const tail = vmRings[ring + TAIL];
    const waiting = (Atomics.load(vmRings, ring) - tail) | 0;
    const count = waiting < BATCH ? waiting : BATCH;

    const elapsedUs = nowUs - vmNumbers[numbers + Vm.LastUs];
    vmNumbers[numbers + Vm.LastUs] = nowUs;
    let tokens = vmNumbers[numbers + Vm.Tokens] + elapsedUs * vmNumbers[numbers + Vm.RateBytesPerUs];
    if (tokens > vmNumbers[numbers + Vm.BurstBytes]) tokens = vmNumbers[numbers + Vm.BurstBytes];
    let peak = vmNumbers[numbers + Vm.PeakTokens] + elapsedUs * vmNumbers[numbers + Vm.PeakRateBytesPerUs];
    if (peak > vmNumbers[numbers + Vm.PeakBurstBytes]) peak = vmNumbers[numbers + Vm.PeakBurstBytes];

    const macLow = vmIntegers[integers + VmInt.MacLow];
    const macHigh = vmIntegers[integers + VmInt.MacHigh];
    let nic = currentNic;
    let left = currentLeft;
    let nicRing = (nic * NIC_RING_WORDS) | 0;
    let nicHead = nicRings[nicRing];
    let nicTail = nicIntegers[nic * NicInt.Integers + NicInt.TailSeen];
    let nicFrames = 0;
    let nicBytes = 0;
    let sentFrames = 0;
    let sentBytes = 0;
    let knownLow = lastLow;
    let knownHigh = lastHigh;

    for (let i = 0; i < count; i = (i + 1) | 0) {
      const descriptor = vmRings[ring + ENTRIES + ((tail + i) & VM_MASK)];
      const bytes = descriptor & LENGTH_MASK;
      const slot = descriptor >>> LENGTH_BITS;
      if (slot >= slots || bytes < HEADER_BYTES) {
        vmNumbers[numbers + Vm.Dropped]++;
        continue;
      }
      const word = Math.imul(slot, SLOT_WORDS);
      if (frames[word + 2] !== macLow || (frames[word + 3] & 0xffff) !== macHigh) {
        vmNumbers[numbers + Vm.Dropped]++;
        free(slot);
        continue;
      }
      const high = frames[word] >>> 16;
      const low = frames[word + 1];
      if (low !== knownLow || high !== knownHigh) {
        if (hasMac(macs, low, high)) {
          vmNumbers[numbers + Vm.Switched]++;
          free(slot);
          continue;
        }
        knownLow = low;
        knownHigh = high;
      }
      if (tokens < bytes || peak < bytes) {
        vmNumbers[numbers + Vm.Dropped]++;
        free(slot);
        continue;
      }
      tokens -= bytes;
      peak -= bytes;
      if (left < bytes) {
        account(nic, nicHead, nicFrames, nicBytes);
        nic = leastLoaded();
        left = MAX_FRAME_BYTES;
        nicRing = (nic * NIC_RING_WORDS) | 0;
        nicHead = nicRings[nicRing];
        nicTail = nicIntegers[nic * NicInt.Integers + NicInt.TailSeen];
        nicFrames = 0;
        nicBytes = 0;
      }
      left = (left - bytes) | 0;
      if (((nicHead - nicTail) | 0) === NIC_RING) {
        nicTail = nicRings[nicRing + TAIL];
        nicIntegers[nic * NicInt.Integers + NicInt.TailSeen] = nicTail;
        if (((nicHead - nicTail) | 0) === NIC_RING) {
          vmNumbers[numbers + Vm.Dropped]++;
          free(slot);
          continue;
        }
      }
      nicRings[nicRing + ENTRIES + (nicHead & NIC_MASK)] = descriptor;
      nicHead = (nicHead + 1) | 0;
      nicFrames = (nicFrames + 1) | 0;
      nicBytes = (nicBytes + bytes) | 0;
      sentFrames = (sentFrames + 1) | 0;
      sentBytes = (sentBytes + bytes) | 0;
    }

    account(nic, nicHead, nicFrames, nicBytes);
    vmNumbers[numbers + Vm.Tokens] = tokens;
    vmNumbers[numbers + Vm.PeakTokens] = peak;
    vmNumbers[numbers + Vm.SentFrames] += sentFrames;
    vmNumbers[numbers + Vm.SentBytes] += sentBytes;
    vmNumbers[numbers + Vm.Backlog] = waiting - count;
    currentNic = nic;
    currentLeft = left;
    lastLow = knownLow;
    lastHigh = knownHigh;
    Atomics.store(vmRings, ring + TAIL, (tail + count) | 0);
    return count;
  }

  /** A burst for the driver, which takes all of it; its slots go back. */
  function drainBurst(n: number): void {
    const ring = (n * NIC_RING_WORDS) | 0;
    const row = n * Nic.Numbers;
    const tail = nicRings[ring + TAIL];
    const queued = (nicRings[ring] - tail) | 0;
    const count = queued < BURST ? queued : BURST;
    let bytes = 0;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      const descriptor = nicRings[ring + ENTRIES + ((tail + i) & NIC_MASK)];
      const slot = descriptor >>> LENGTH_BITS;
      burstSlot[i] = slot;
      burstOffset[i] = Math.imul(slot, SLOT_WORDS * 4) + 2;
      burstBytes[i] = descriptor & LENGTH_MASK;
      bytes = (bytes + (descriptor & LENGTH_MASK)) | 0;
    }
    for (let done = 0; done < count; ) {
      if (consumerStack[0] === LOCAL) unload();
      const top = consumerStack[0];
      const room = LOCAL - top;
      const n = count - done < room ? count - done : room;
      for (let i = 0; i < n; i = (i + 1) | 0) consumerStack[STACK + top + i] = burstSlot[done + i];
      consumerStack[0] = top + n;
      done += n;
    }
    nicNumbers[row + Nic.PendingBytes] -= bytes;
    nicNumbers[row + Nic.PendingFrames] -= count;
    nicNumbers[row + Nic.SentBytes] += bytes;
    nicNumbers[row + Nic.SentFrames] += count;
    nicRings[ring + TAIL] = (tail + count) | 0;
  }

  function drain(): void {
    for (let n = 0; n < nics; n++) {
      const ring = n * NIC_RING_WORDS;
      while (nicRings[ring] !== nicRings[ring + TAIL]) drainBurst(n);
    }
  }

  function sweep(nowUs: number): number {
    let taken = 0;
    let sinceDrain = 0;
    for (let word = 0; word < words; word++) if (doorbell[word] !== 0) ready[word] |= Atomics.exchange(doorbell, word, 0);
    for (let word = 0; word < words; word++) {
      for (let bits = ready[word]; bits !== 0; bits &= bits - 1) {
        const bit = 31 - Math.clz32(bits & -bits);
        const v = (word << 5) | bit;
        const count = runVm(v, nowUs);
        if (vmNumbers[v * Vm.Numbers + Vm.Backlog] === 0) ready[word] &= ~(1 << bit);
        taken += count;
        sinceDrain += count;
        if (sinceDrain < drainAt) continue;
        sinceDrain = 0;
        drain();
      }
    }
    drain();
    return taken;
  }

  function tally(): { sent: number; pending: number; dropped: number } {
    const total = { sent: 0, pending: 0, dropped: 0 };
    for (let v = 0; v < vms; v++) {
      total.dropped += vmNumbers[v * Vm.Numbers + Vm.Dropped] + vmNumbers[v * Vm.Numbers + Vm.Switched];
    }
    for (let n = 0; n < nics; n++) {
      total.sent += nicNumbers[n * Nic.Numbers + Nic.SentFrames];
      total.pending += nicNumbers[n * Nic.Numbers + Nic.PendingFrames];
    }
    return total;
  }

  return { produce, sweep, tally };
}
