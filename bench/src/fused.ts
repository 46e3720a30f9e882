// The transmit path fused by hand: one monomorphic loop over typed arrays on a SharedArrayBuffer, which knows every
// policy beforehand. It walks the same steps over the same layouts as ../peer/transmit_fused.c and is the base that
// `transmit.plugin_tax` is measured against. Nothing of the product is in it.
//
//   slot   0    2          8          14       16            descriptor  31 ........ 11 10 .. 0
//          +----+----------+----------+--------+-- ...                   |   slot     | bytes |
//          | -- | dst MAC  | src MAC  | type   |
//          +----+----------+----------+--------+-- ...
//
// A ring is a run of the Int32Array: head at 0, tail at 32 (128 bytes on), entries from 64.

import { addMac, hasMac, macTable } from './mac-table.ts';

const BATCH = 32;
const RING = 1024;
const RING_MASK = RING - 1;
const TAIL = 32;
const ENTRIES = 64;
const RING_WORDS = ENTRIES + RING;

const SLOTS_PER_VM = 256;
const SLOTS_SHIFT = 8;
const SLOT_WORDS = 512;
const MAX_FRAME_BYTES = 1514;
const VMS_PER_DRAIN = 8;

// Columns of a VM's row of numbers, and of its row of integers.
const TOKENS = 0;
const PEAK_TOKENS = 1;
const BURST_BYTES = 2;
const PEAK_BURST_BYTES = 3;
const RATE_BYTES_PER_US = 4;
const PEAK_RATE_BYTES_PER_US = 5;
const LAST_US = 6;
const SENT_FRAMES = 8;
const SENT_BYTES = 9;
const DROPPED = 10;
const SWITCHED = 11;
const VM_NUMBERS = 16;
const MAC_LOW = 0;
const MAC_HIGH = 1;
const FREE_COUNT = 2;
const HEAD_SEEN = 3;
const FREE = 32;
const VM_INTEGERS = FREE + SLOTS_PER_VM;

// Columns of a NIC's row of numbers, and of its row of integers.
const PENDING_BYTES = 0;
const PENDING_FRAMES = 1;
const SECONDS_PER_BYTE = 2;
const QUEUED_FRAMES = 3;
const QUEUED_BYTES = 4;
const NIC_SENT_FRAMES = 5;
const NIC_SENT_BYTES = 6;
const NIC_NUMBERS = 16;
const UP = 0;
const TAIL_SEEN = 1;
const NIC_INTEGERS = 32;

const int32 = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4));
const float64 = (numbers: number): Float64Array => new Float64Array(new SharedArrayBuffer(numbers * 8));

export interface FusedPath {
  /** One batch of 64-byte descriptors onto a VM's ring, from its stack of free slots. */
  produce(vm: number): void;
  /** One look at every VM's ring, the NICs' rings drained in between. Answers the frames taken from the VMs. */
  sweep(nowUs: number): number;
  /** Frames by their fate; `swept = sent + pending + dropped` must hold. */
  tally(): { sent: number; pending: number; dropped: number };
}

/** To be called once in a process: V8 takes what a function captures for a constant only while one such function exists. */
export function fusedPath(vms: number, nics: number, startUs: number): FusedPath {
  const slots = int32(vms * SLOTS_PER_VM * SLOT_WORDS);
  const vmRings = int32(vms * RING_WORDS);
  const vmNumbers = float64(vms * VM_NUMBERS);
  const vmIntegers = int32(vms * VM_INTEGERS);
  const nicRings = int32(nics * RING_WORDS);
  const nicNumbers = float64(nics * NIC_NUMBERS);
  const nicIntegers = int32(nics * NIC_INTEGERS);
  const macs = macTable(vms);
  let lastLow = 0; // the destination looked up last, and whether a local VM has it
  let lastHigh = 0;
  let lastLocal = false;
  let currentNic = 0; // pending-load's choice, kept while its backlog has grown by less than one frame
  let currentLeft = 0;

  const bytes = new Uint8Array(slots.buffer);
  for (let v = 0; v < vms; v++) {
    const numbers = v * VM_NUMBERS;
    const integers = v * VM_INTEGERS;
    vmNumbers.fill(1 << 24, numbers + TOKENS, numbers + PEAK_BURST_BYTES + 1);
    vmNumbers[numbers + RATE_BYTES_PER_US] = 125_000; // 1 Tbit/s: the bucket is at work and never empty
    vmNumbers[numbers + PEAK_RATE_BYTES_PER_US] = 250_000;
    vmNumbers[numbers + LAST_US] = startUs;
    for (let s = 0; s < SLOTS_PER_VM; s++) {
      const slot = v * SLOTS_PER_VM + s;
      const at = slot * SLOT_WORDS * 4 + 2;
      bytes.set([0x02, 0x47, 0, v >> 16, v >> 8, v, 0x52, 0x54, 0, v >> 16, v >> 8, v, 8], at);
      vmIntegers[integers + FREE + s] = slot;
    }
    vmIntegers[integers + FREE_COUNT] = SLOTS_PER_VM;
    const firstSlot = v * SLOTS_PER_VM * SLOT_WORDS;
    const low = slots[firstSlot + 2];
    const high = slots[firstSlot + 3] & 0xffff;
    vmIntegers[integers + MAC_LOW] = low;
    vmIntegers[integers + MAC_HIGH] = high;
    addMac(macs, low, high);
  }
  for (let n = 0; n < nics; n++) {
    nicNumbers[n * NIC_NUMBERS + SECONDS_PER_BYTE] = 8 / (1e9 * (n + 1));
    nicIntegers[n * NIC_INTEGERS + UP] = 1;
  }

  function produce(v: number): void {
    const ring = v * RING_WORDS;
    const integers = v * VM_INTEGERS;
    const head = vmRings[ring];
    let free = vmIntegers[integers + FREE_COUNT];
    const count = free < BATCH ? free : BATCH;
    for (let i = 0; i < count; i++) {
      free = (free - 1) | 0;
      vmRings[ring + ENTRIES + ((head + i) & RING_MASK)] = (vmIntegers[integers + FREE + free] << 11) | 64;
    }
    vmIntegers[integers + FREE_COUNT] = free;
    Atomics.store(vmRings, ring, (head + count) | 0);
  }

  function leastLoaded(): number {
    let best = 0;
    let bestSeconds = Number.POSITIVE_INFINITY;
    for (let n = 0; n < nics; n++) {
      const row = n * NIC_NUMBERS;
      const seconds = nicNumbers[row + PENDING_BYTES] * nicNumbers[row + SECONDS_PER_BYTE];
      if (seconds < bestSeconds && nicIntegers[n * NIC_INTEGERS + UP] !== 0) {
        bestSeconds = seconds;
        best = n;
      }
    }
    return best;
  }

  function freeSlot(slot: number): void {
    const row = (slot >> SLOTS_SHIFT) * VM_INTEGERS;
    const free = vmIntegers[row + FREE_COUNT];
    vmIntegers[row + FREE + free] = slot;
    vmIntegers[row + FREE_COUNT] = free + 1;
  }

  /** What a NIC has been given since `account` was last called goes into its row, and its ring is published. */
  function account(nic: number, head: number, frames: number, bytes: number): void {
    const row = nic * NIC_NUMBERS;
    nicNumbers[row + PENDING_BYTES] += bytes;
    nicNumbers[row + PENDING_FRAMES] += frames;
    nicNumbers[row + QUEUED_BYTES] += bytes;
    nicNumbers[row + QUEUED_FRAMES] += frames;
    nicRings[nic * RING_WORDS] = head;
  }

  function runVm(v: number, nowUs: number): number {
    const ring = v * RING_WORDS;
    const integers = v * VM_INTEGERS;
    const numbers = v * VM_NUMBERS;
    const tail = vmRings[ring + TAIL];
    let headSeen = vmIntegers[integers + HEAD_SEEN];
    if (headSeen === tail) {
      headSeen = Atomics.load(vmRings, ring);
      vmIntegers[integers + HEAD_SEEN] = headSeen;
      if (headSeen === tail) return 0;
    }
    const waiting = (headSeen - tail) | 0;
    const count = waiting < BATCH ? waiting : BATCH;

    const elapsedUs = nowUs - vmNumbers[numbers + LAST_US];
    vmNumbers[numbers + LAST_US] = nowUs;
    let tokens = vmNumbers[numbers + TOKENS] + elapsedUs * vmNumbers[numbers + RATE_BYTES_PER_US];
    if (tokens > vmNumbers[numbers + BURST_BYTES]) tokens = vmNumbers[numbers + BURST_BYTES];
    let peak = vmNumbers[numbers + PEAK_TOKENS] + elapsedUs * vmNumbers[numbers + PEAK_RATE_BYTES_PER_US];
    if (peak > vmNumbers[numbers + PEAK_BURST_BYTES]) peak = vmNumbers[numbers + PEAK_BURST_BYTES];

    const macLow = vmIntegers[integers + MAC_LOW];
    const macHigh = vmIntegers[integers + MAC_HIGH];
    let nic = currentNic;
    let left = currentLeft;
    let nicRing = (nic * RING_WORDS) | 0;
    let nicHead = nicRings[nicRing];
    let nicTail = nicIntegers[nic * NIC_INTEGERS + TAIL_SEEN];
    let nicFrames = 0;
    let nicBytes = 0;
    let sentFrames = 0;
    let sentBytes = 0;

    for (let i = 0; i < count; i++) {
      const descriptor = vmRings[ring + ENTRIES + ((tail + i) & RING_MASK)];
      const bytes = descriptor & 2047;
      const slot = descriptor >>> 11;
      const word = slot * SLOT_WORDS;
      if (slots[word + 2] !== macLow || (slots[word + 3] & 0xffff) !== macHigh) {
        vmNumbers[numbers + DROPPED]++;
        freeSlot(slot);
        continue;
      }
      const high = slots[word] >>> 16;
      const low = slots[word + 1];
      if (low !== lastLow || high !== lastHigh) {
        lastLow = low;
        lastHigh = high;
        lastLocal = hasMac(macs, low, high);
      }
      if (lastLocal) {
        vmNumbers[numbers + SWITCHED]++;
        freeSlot(slot);
        continue;
      }
      if (tokens < bytes || peak < bytes) {
        vmNumbers[numbers + DROPPED]++;
        freeSlot(slot);
        continue;
      }
      tokens -= bytes;
      peak -= bytes;
      if (left < bytes) {
        account(nic, nicHead, nicFrames, nicBytes);
        nic = leastLoaded();
        left = MAX_FRAME_BYTES;
        nicRing = (nic * RING_WORDS) | 0;
        nicHead = nicRings[nicRing];
        nicTail = nicIntegers[nic * NIC_INTEGERS + TAIL_SEEN];
        nicFrames = 0;
        nicBytes = 0;
      }
      left = (left - bytes) | 0;
      if (((nicHead - nicTail) | 0) === RING) {
        nicTail = Atomics.load(nicRings, nicRing + TAIL);
        nicIntegers[nic * NIC_INTEGERS + TAIL_SEEN] = nicTail;
        if (((nicHead - nicTail) | 0) === RING) {
          vmNumbers[numbers + DROPPED]++;
          freeSlot(slot);
          continue;
        }
      }
      nicRings[nicRing + ENTRIES + (nicHead & RING_MASK)] = descriptor;
      nicHead = (nicHead + 1) | 0;
      nicFrames = (nicFrames + 1) | 0;
      nicBytes = (nicBytes + bytes) | 0;
      sentFrames = (sentFrames + 1) | 0;
      sentBytes = (sentBytes + bytes) | 0;
    }

    account(nic, nicHead, nicFrames, nicBytes);
    vmNumbers[numbers + TOKENS] = tokens;
    vmNumbers[numbers + PEAK_TOKENS] = peak;
    vmNumbers[numbers + SENT_FRAMES] += sentFrames;
    vmNumbers[numbers + SENT_BYTES] += sentBytes;
    currentNic = nic;
    currentLeft = left;
    Atomics.store(vmRings, ring + TAIL, (tail + count) | 0);
    return count;
  }

  function drainNic(n: number): void {
    const ring = n * RING_WORDS;
    const row = n * NIC_NUMBERS;
    const tail = nicRings[ring + TAIL];
    const head = Atomics.load(nicRings, ring);
    const count = (head - tail) | 0;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const descriptor = nicRings[ring + ENTRIES + ((tail + i) & RING_MASK)];
      bytes = (bytes + (descriptor & 2047)) | 0;
      freeSlot(descriptor >>> 11);
    }
    nicNumbers[row + PENDING_BYTES] -= bytes;
    nicNumbers[row + PENDING_FRAMES] -= count;
    nicNumbers[row + NIC_SENT_BYTES] += bytes;
    nicNumbers[row + NIC_SENT_FRAMES] += count;
    Atomics.store(nicRings, ring + TAIL, head);
  }

  function sweep(nowUs: number): number {
    let frames = 0;
    for (let v = 0; v < vms; v++) {
      frames += runVm(v, nowUs);
      if (v % VMS_PER_DRAIN === VMS_PER_DRAIN - 1) for (let n = 0; n < nics; n++) drainNic(n);
    }
    for (let n = 0; n < nics; n++) drainNic(n);
    return frames;
  }

  function tally(): { sent: number; pending: number; dropped: number } {
    const total = { sent: 0, pending: 0, dropped: 0 };
    for (let v = 0; v < vms; v++) {
      total.dropped += vmNumbers[v * VM_NUMBERS + DROPPED] + vmNumbers[v * VM_NUMBERS + SWITCHED];
    }
    for (let n = 0; n < nics; n++) {
      total.sent += nicNumbers[n * NIC_NUMBERS + NIC_SENT_FRAMES];
      total.pending += nicNumbers[n * NIC_NUMBERS + PENDING_FRAMES];
    }
    return total;
  }

  return { produce, sweep, tally };
}
