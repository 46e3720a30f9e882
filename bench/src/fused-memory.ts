// What the path fused by hand walks over: typed arrays on SharedArrayBuffers, laid out as ../peer/transmit.h lays out its
// structs. Nothing of the product is in it.
//
//   slot   0    2          8          14       16            descriptor  31 ........ 11 10 .. 0
//          +----+----------+----------+--------+-- ...                   |   slot     | bytes |
//          | -- | dst MAC  | src MAC  | type   |
//          +----+----------+----------+--------+-- ...
//
// A ring is a run of an Int32Array: head (written by the producer) at 0, tail at 32 (128 bytes on), entries from 64.

import { addMac, macTable } from './mac-table.ts';

export const BATCH = 32;
const SLOT_BYTES = 2048;
const POOL_FRAMES = 16_384;
const VM_RING = 256;
const NIC_RING = 1024;
const RING_ENTRIES = 64;
const MAGAZINE = 128;

export const layout = {
  batch: BATCH,
  /** Frames in one call of a driver. */
  burst: 64,
  frameBytes: 64,
  headerBytes: 14,
  /** A NIC is chosen for so many bytes at least. */
  grainBytes: 1514,
  lengthBits: 11,
  lengthMask: SLOT_BYTES - 1,
  slots: POOL_FRAMES,
  /** Words from one slot to the next: two lines more than it is long, so that headers are not all in the same cache sets. */
  slotWords: (SLOT_BYTES + 128) / 4,
  ringTail: 32,
  ringEntries: RING_ENTRIES,
  vmRing: VM_RING,
  vmRingWords: RING_ENTRIES + VM_RING,
  nicRing: NIC_RING,
  nicRingWords: RING_ENTRIES + NIC_RING,
  /** Slots that a magazine holds: those of two bursts. */
  magazine: MAGAZINE,
  /** Where the heads of the depot's two stacks are: full magazines, empty ones. */
  full: 0,
  empty: 32,
  /** Where a thread holds the number of its magazine and how many slots are in it. */
  loaded: 0,
  fill: 1,
} as const;

/** Columns of a VM's row of numbers, and of its row of integers. */
export const vmColumns = {
  limitBps: 0,
  peakBps: 1,
  burstBytes: 2,
  sentFrames: 3,
  sentBytes: 4,
  dropped: 5,
  switched: 6,
  backlog: 7,
  numbers: 8,
  macLow: 0,
  macHigh: 1,
  integers: 32,
} as const;

/** Columns of a token bucket; a VM has two, one behind the other: its average and its peak. */
export const bucketColumns = { rateBps: 0, earnedNs: 1, remainder: 2, tokens: 3, depthBytes: 4, numbers: 8 } as const;

/** Columns of a NIC's row of numbers, and of its row of integers. */
export const nicColumns = {
  pendingBytes: 0,
  pendingFrames: 1,
  queuedFrames: 2,
  queuedBytes: 3,
  sentFrames: 4,
  sentBytes: 5,
  speedBps: 6,
  learntBps: 7,
  usPerByte: 8,
  numbers: 16,
  tailSeen: 0,
  integers: 32,
} as const;

const int32 = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4));
const float64 = (numbers: number): Float64Array => new Float64Array(new SharedArrayBuffer(numbers * 8));

/** The arrays of a path of so many VMs and NICs, all buckets full and all slots in the depot. */
export function fusedMemory(vms: number, nics: number) {
  const magazineCount = POOL_FRAMES / (MAGAZINE / 2) + 8;
  const memory = {
    frames: int32(POOL_FRAMES * layout.slotWords),
    slotVm: int32(POOL_FRAMES),
    vmRings: int32(vms * layout.vmRingWords),
    vmNumbers: float64(vms * vmColumns.numbers),
    vmIntegers: int32(vms * vmColumns.integers),
    nicRings: int32(nics * layout.nicRingWords),
    nicNumbers: float64(nics * nicColumns.numbers),
    nicIntegers: int32(nics * nicColumns.integers),
    buckets: float64(vms * 2 * bucketColumns.numbers),
    clockNs: new Float64Array(1),
    order: new Int32Array(nics + BATCH + 2),
    finishUs: new Float64Array(nics + BATCH + 2),
    doorbell: int32(Math.ceil(vms / 32)),
    ready: new Int32Array(Math.ceil(vms / 32)),
    macs: macTable(vms),
    depotHeads: int32(64),
    depotNext: int32(magazineCount),
    depotFill: int32(magazineCount),
    magazines: int32(magazineCount * MAGAZINE),
    producerHeld: int32(32),
    consumerHeld: int32(32),
  };
  for (let vm = 0; vm < vms; vm++) fillVm(memory, vm);
  for (let nic = 0; nic < nics; nic++) {
    memory.nicNumbers[nic * nicColumns.numbers + nicColumns.speedBps] = 10e9;
    memory.order[nic] = nic;
  }
  fillDepot(memory, magazineCount);
  return memory;
}

export type FusedMemory = ReturnType<typeof fusedMemory>;

function fillVm(memory: FusedMemory, vm: number): void {
  const numbers = vm * vmColumns.numbers;
  const integers = vm * vmColumns.integers;
  memory.vmNumbers[numbers + vmColumns.limitBps] = 1e12; // the buckets are at work and never empty
  memory.vmNumbers[numbers + vmColumns.peakBps] = 2e12;
  memory.vmNumbers[numbers + vmColumns.burstBytes] = 1 << 24;
  const average = vm * 2 * bucketColumns.numbers;
  const peak = average + bucketColumns.numbers;
  memory.buckets[average + bucketColumns.tokens] = 1 << 24;
  memory.buckets[peak + bucketColumns.tokens] = memory.buckets[peak + bucketColumns.depthBytes] = 65_536;
  // 52:54:00 and the VM's number, as the words of a slot hold a source MAC.
  const low = 0x5452 | ((vm & 0xff0000) << 8);
  const high = ((vm >>> 8) & 0xff) | ((vm & 0xff) << 8);
  memory.vmIntegers[integers + vmColumns.macLow] = low;
  memory.vmIntegers[integers + vmColumns.macHigh] = high;
  addMac(memory.macs, low, high);
}

/** Each side holds an empty magazine; the full ones and the other empty ones are in stacks, linked through `depotNext`. */
function fillDepot(memory: FusedMemory, magazineCount: number): void {
  const full = POOL_FRAMES / MAGAZINE;
  const last = magazineCount - 3;
  for (let slot = 0; slot < POOL_FRAMES; slot++) memory.magazines[slot] = slot;
  memory.depotFill.fill(MAGAZINE, 0, full);
  for (let m = 0; m <= last; m++) memory.depotNext[m] = m + 1 === full || m === last ? -1 : m + 1;
  memory.depotHeads[layout.full] = 1;
  memory.depotHeads[layout.empty] = full + 1;
  memory.producerHeld[layout.loaded] = magazineCount - 1;
  memory.consumerHeld[layout.loaded] = magazineCount - 2;
}
