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
/** Frames in one call of a driver. */
export const BURST = 64;
export const FRAME_BYTES = 64;
export const SLOT_BYTES = 2048;
/** Words from one slot to the next: two lines more than it is long, so that headers are not all in the same cache sets. */
export const SLOT_WORDS = (SLOT_BYTES + 128) / 4;
export const TAIL = 32;
export const ENTRIES = 64;
export const VM_RING = 256;
export const VM_RING_WORDS = ENTRIES + VM_RING;
export const NIC_RING = 1024;
export const NIC_RING_WORDS = ENTRIES + NIC_RING;
const POOL_FRAMES = 16_384;

/** Slots that move between a thread and the depot at once, and that a thread keeps at most. */
export const MAGAZINE = 64;
export const LOCAL = 2 * MAGAZINE;
/** Where the heads of the depot's two stacks are, in words. */
export const FULL = 0;
export const EMPTY = 32;
/** A thread's stack of free slots: how many there are, then the slots from word 32. */
export const STACK = 32;

/** Columns of a VM's row of numbers, and of its row of integers. */
export const Vm = {
  Tokens: 0,
  PeakTokens: 1,
  BurstBytes: 2,
  PeakBurstBytes: 3,
  RateBytesPerUs: 4,
  PeakRateBytesPerUs: 5,
  LastUs: 6,
  SentFrames: 8,
  SentBytes: 9,
  Dropped: 10,
  Switched: 11,
  Backlog: 12,
  Numbers: 16,
} as const;
export const VmInt = { MacLow: 0, MacHigh: 1, TailSeen: 2, Integers: 32 } as const;

/** Columns of a NIC's row of numbers, and of its row of integers. */
export const Nic = {
  PendingBytes: 0,
  PendingFrames: 1,
  SecondsPerByte: 2,
  QueuedFrames: 3,
  QueuedBytes: 4,
  SentFrames: 5,
  SentBytes: 6,
  Numbers: 16,
} as const;
export const NicInt = { Up: 0, TailSeen: 1, Integers: 32 } as const;

const int32 = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4));
const float64 = (numbers: number): Float64Array => new Float64Array(new SharedArrayBuffer(numbers * 8));

/** The arrays of a path of so many VMs and NICs, all buckets full and all slots in the depot. */
export function fusedMemory(vms: number, nics: number) {
  const magazineCount = POOL_FRAMES / MAGAZINE + 8;
  const memory = {
    slots: POOL_FRAMES,
    frames: int32(POOL_FRAMES * SLOT_WORDS),
    slotVm: int32(POOL_FRAMES),
    vmRings: int32(vms * VM_RING_WORDS),
    vmNumbers: float64(vms * Vm.Numbers),
    vmIntegers: int32(vms * VmInt.Integers),
    nicRings: int32(nics * NIC_RING_WORDS),
    nicNumbers: float64(nics * Nic.Numbers),
    nicIntegers: int32(nics * NicInt.Integers),
    doorbell: int32(Math.ceil(vms / 32)),
    ready: new Int32Array(Math.ceil(vms / 32)),
    macs: macTable(vms),
    depotHeads: int32(64),
    depotNext: int32(magazineCount),
    magazines: int32(magazineCount * MAGAZINE),
    producerStack: int32(STACK + LOCAL),
    consumerStack: int32(STACK + LOCAL),
  };
  for (let vm = 0; vm < vms; vm++) fillVm(memory, vm);
  for (let nic = 0; nic < nics; nic++) {
    memory.nicNumbers[nic * Nic.Numbers + Nic.SecondsPerByte] = 8 / 10e9;
    memory.nicIntegers[nic * NicInt.Integers + NicInt.Up] = 1;
  }
  fillDepot(memory, magazineCount);
  return memory;
}

export type FusedMemory = ReturnType<typeof fusedMemory>;

function fillVm(memory: FusedMemory, vm: number): void {
  const numbers = vm * Vm.Numbers;
  const integers = vm * VmInt.Integers;
  memory.vmNumbers.fill(1 << 24, numbers + Vm.Tokens, numbers + Vm.PeakBurstBytes + 1);
  memory.vmNumbers[numbers + Vm.RateBytesPerUs] = 125_000; // 1 Tbit/s: the bucket is at work and never empty
  memory.vmNumbers[numbers + Vm.PeakRateBytesPerUs] = 250_000;
  // 52:54:00 and the VM's number, as the words of a slot hold a source MAC.
  const low = 0x5452 | ((vm & 0xff0000) << 8);
  const high = ((vm >>> 8) & 0xff) | ((vm & 0xff) << 8);
  memory.vmIntegers[integers + VmInt.MacLow] = low;
  memory.vmIntegers[integers + VmInt.MacHigh] = high;
  addMac(memory.macs, low, high);
}

/** Full magazines of slots first to last, then the empty ones, each stack linked through `depotNext`. */
function fillDepot(memory: FusedMemory, magazineCount: number): void {
  const full = POOL_FRAMES / MAGAZINE;
  for (let slot = 0; slot < POOL_FRAMES; slot++) memory.magazines[slot] = slot;
  for (let m = 0; m < magazineCount; m++) memory.depotNext[m] = m + 1 === full || m + 1 === magazineCount ? -1 : m + 1;
  memory.depotHeads[FULL] = 1;
  memory.depotHeads[EMPTY] = full + 1;
}
