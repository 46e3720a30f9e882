// The transmit path fused by hand: one monomorphic loop over typed arrays, which knows every policy beforehand. It walks
// the same steps over the same layouts as ../peer/transmit_fused.c and is the base that `transmit.plugin_tax` is measured
// against. It is written as fast as we know how: each function takes `fixed` apart in its first lines, because V8 compiles
// what it finds there in as constants.

import { bucketColumns, type FusedMemory, layout, nicColumns, vmColumns } from './fused-memory.ts';
import { hasMac } from './mac-table.ts';

export interface FusedPath {
  /** One batch of 64-byte frames for a VM. */
  produce(vm: number): void;
  /** One batch of every VM that has frames, the NICs drained in between. Answers the frames taken from the VMs. */
  sweep(nowUs: number): number;
  /** Frames by their fate; `swept = sent + pending + dropped` must hold. */
  tally(): { sent: number; pending: number; dropped: number };
}

/** To be called once in a process: V8 knows what a function captures only while one such function exists. */
export function fusedPath(memory: FusedMemory, vms: number, nics: number): FusedPath {
  const fixed = {
    memory,
    layout,
    vm: vmColumns,
    nic: nicColumns,
    bucket: bucketColumns,
    nics,
    words: memory.doorbell.length,
    drainAt: layout.burst * (nics + 1),
    burstOffset: new Int32Array(layout.burst),
    burstBytes: new Int32Array(layout.burst),
  };
  let lastLow = 0; // the destination that was last found to be beyond this host
  let lastHigh = 0;
  let orderHead = 0; // pending load: the NICs, soonest finished first, as a window of `order` and `finishUs`

  function push(stack: number, magazine: number): void {
    const { depotHeads, depotNext } = fixed.memory;
    for (;;) {
      const head = Atomics.load(depotHeads, stack);
      depotNext[magazine] = (head & 0xffff) - 1;
      const next = ((head + 0x10000) & 0xffff0000) | (magazine + 1);
      if (Atomics.compareExchange(depotHeads, stack, head, next) === head) return;
    }
  }

  function pop(stack: number): number {
    const { depotHeads, depotNext } = fixed.memory;
    for (;;) {
      const head = Atomics.load(depotHeads, stack);
      const magazine = (head & 0xffff) - 1;
      if (magazine < 0) throw new Error('the depot is empty');
      const next = ((head + 0x10000) & 0xffff0000) | (depotNext[magazine] + 1);
      if (Atomics.compareExchange(depotHeads, stack, head, next) === head) return magazine;
    }
  }

  function load(): void {
    const { producerHeld, depotFill } = fixed.memory;
    const { full, empty, loaded, fill } = fixed.layout;
    const used = producerHeld[loaded];
    const next = pop(full);
    producerHeld[loaded] = next;
    producerHeld[fill] = depotFill[next];
    push(empty, used);
  }

  function unload(): void {
    const { consumerHeld, depotFill } = fixed.memory;
    const { full, empty, loaded, fill } = fixed.layout;
    const filled = consumerHeld[loaded];
    depotFill[filled] = consumerHeld[fill];
    consumerHeld[loaded] = pop(empty);
    consumerHeld[fill] = 0;
    push(full, filled);
  }

  function free(slot: number): void {
    const { consumerHeld, magazines } = fixed.memory;
    const { magazine, loaded, fill } = fixed.layout;
    if (consumerHeld[fill] === magazine) unload();
    magazines[Math.imul(consumerHeld[loaded], magazine) + consumerHeld[fill]] = slot;
    consumerHeld[fill]++;
  }

  function produce(v: number): void {
    const { vmRings, frames, slotVm, producerHeld, magazines, vmIntegers, doorbell } = fixed.memory;
    const { vmRingWords, vmRing, ringTail, ringEntries, batch, slotWords, frameBytes, magazine } = fixed.layout;
    const { loaded, fill, lengthBits } = fixed.layout;
    const { vm } = fixed;
    const ring = Math.imul(v, vmRingWords);
    const head = vmRings[ring];
    if (vmRing - ((head - Atomics.load(vmRings, ring + ringTail)) | 0) < batch) throw new Error('the ring is full');
    const low = vmIntegers[v * vm.integers + vm.macLow];
    const high = 0x00080000 | vmIntegers[v * vm.integers + vm.macHigh];
    for (let i = 0; i < batch; i = (i + 1) | 0) {
      if (producerHeld[fill] === 0) load();
      const left = (producerHeld[fill] - 1) | 0;
      producerHeld[fill] = left;
      const slot = magazines[Math.imul(producerHeld[loaded], magazine) + left];
      const word = Math.imul(slot, slotWords);
      frames[word] = 0x4702 << 16; // one destination beyond this host
      frames[word + 1] = 0x01000000;
      frames[word + 2] = low;
      frames[word + 3] = high;
      slotVm[slot] = v;
      vmRings[ring + ringEntries + ((head + i) & (vmRing - 1))] = (slot << lengthBits) | frameBytes;
    }
    Atomics.store(vmRings, ring, (head + batch) | 0);
    const bit = 1 << (v & 31);
    if ((Atomics.load(doorbell, v >>> 5) & bit) === 0) Atomics.or(doorbell, v >>> 5, bit);
  }

  /** Adds to a bucket what was earned since the last refill, up to its depth. */
  function refill(row: number): void {
    const { buckets, clockNs } = fixed.memory;
    const { bucket } = fixed;
    const nowNs = clockNs[0];
    const elapsedNs = nowNs - buckets[row + bucket.earnedNs];
    const rateBps = buckets[row + bucket.rateBps];
    const depthBytes = buckets[row + bucket.depthBytes];
    const lackBytes = depthBytes - buckets[row + bucket.tokens];
    buckets[row + bucket.earnedNs] = nowNs;
    if (elapsedNs * rateBps < (lackBytes + 1) * 8e9) {
      const us = Math.floor(elapsedNs / 1000);
      const microBits = rateBps * us;
      const bytes = Math.floor(microBits / 8e6);
      const nanoBits =
        (microBits - bytes * 8e6) * 1000 + rateBps * (elapsedNs - us * 1000) + buckets[row + bucket.remainder];
      const earned = bytes + Math.floor(nanoBits / 8e9);
      if (earned < lackBytes) {
        buckets[row + bucket.tokens] += earned;
        buckets[row + bucket.remainder] = nanoBits % 8e9;
        return;
      }
    }
    buckets[row + bucket.tokens] = depthBytes;
    buckets[row + bucket.remainder] = 0;
  }

  /** Puts `nic` between `head` and `tail` of the order, behind those that are finished as soon. */
  function insertNic(head: number, tail: number, nic: number, us: number): void {
    const { order, finishUs } = fixed.memory;
    let place = tail;
    for (; place > head && finishUs[place - 1] > us; place = (place - 1) | 0) {
      finishUs[place] = finishUs[place - 1];
      order[place] = order[place - 1];
    }
    finishUs[place] = us;
    order[place] = nic;
  }

  /** Sorts the NICs by what is pending now: by insertion, since from batch to batch the order hardly changes. */
  function sortNics(): void {
    const { order, nicNumbers } = fixed.memory;
    const { grainBytes } = fixed.layout;
    const { nics, nic } = fixed;
    for (let n = 0; n < nics; n = (n + 1) | 0) {
      const row = Math.imul(n, nic.numbers);
      if (nicNumbers[row + nic.speedBps] === nicNumbers[row + nic.learntBps]) continue;
      nicNumbers[row + nic.learntBps] = nicNumbers[row + nic.speedBps];
      nicNumbers[row + nic.usPerByte] = 8e6 / nicNumbers[row + nic.speedBps];
    }
    const from = orderHead;
    for (let k = 0; k < nics; k = (k + 1) | 0) {
      const n = order[from + k];
      const row = Math.imul(n, nic.numbers);
      insertNic(0, k, n, (nicNumbers[row + nic.pendingBytes] + grainBytes) * nicNumbers[row + nic.usPerByte]);
    }
  }

  /** Bytes until the NIC at `head` of the order would be finished after the next one. */
  function nicBudget(head: number): number {
    const { order, finishUs, nicNumbers } = fixed.memory;
    const { grainBytes } = fixed.layout;
    const { nic } = fixed;
    const usPerByte = nicNumbers[Math.imul(order[head], nic.numbers) + nic.usPerByte];
    return Math.ceil((finishUs[head + 1] - finishUs[head]) / usPerByte + grainBytes) | 0;
  }

  /** What a NIC has been given since `account` was last called goes into its row, and its ring is published. */
  function account(n: number, head: number, count: number, bytes: number): void {
    const { nicNumbers, nicRings } = fixed.memory;
    const { nicRingWords } = fixed.layout;
    const { nic } = fixed;
    const row = Math.imul(n, nic.numbers);
    nicNumbers[row + nic.pendingBytes] += bytes;
    nicNumbers[row + nic.pendingFrames] += count;
    nicNumbers[row + nic.queuedBytes] += bytes;
    nicNumbers[row + nic.queuedFrames] += count;
    nicRings[Math.imul(n, nicRingWords)] = head;
  }

  function runVm(v: number, nowUs: number): number {
    const { vmRings, vmNumbers, vmIntegers, buckets, clockNs, macs, frames } = fixed.memory;
    const { nicRings, nicNumbers, nicIntegers, order, finishUs } = fixed.memory;
    const { vmRingWords, vmRing, ringTail, ringEntries, batch, slotWords, lengthBits, lengthMask } = fixed.layout;
    const { slots, headerBytes, nicRingWords, nicRing } = fixed.layout;
    const { vm, nic: nicColumn, nics, bucket } = fixed;
    const ring = Math.imul(v, vmRingWords);
    const integers = Math.imul(v, vm.integers);
    const numbers = Math.imul(v, vm.numbers);
    const tail = vmRings[ring + ringTail];
    const waiting = (Atomics.load(vmRings, ring) - tail) | 0;
    const count = waiting < batch ? waiting : batch;

    // Limits are read for every batch: they may change at any time.
    const averageRow = Math.imul(v, 2 * bucket.numbers);
    const peakRow = (averageRow + bucket.numbers) | 0;
    buckets[averageRow + bucket.rateBps] = Math.floor(vmNumbers[numbers + vm.limitBps]);
    buckets[averageRow + bucket.depthBytes] = vmNumbers[numbers + vm.burstBytes];
    buckets[peakRow + bucket.rateBps] = Math.floor(vmNumbers[numbers + vm.peakBps]);
    clockNs[0] = Math.round(nowUs * 1000);
    refill(averageRow);
    refill(peakRow);
    let average = buckets[averageRow + bucket.tokens] | 0;
    let peak = buckets[peakRow + bucket.tokens] | 0;
    sortNics();

    const macLow = vmIntegers[integers + vm.macLow];
    const macHigh = vmIntegers[integers + vm.macHigh];
    let knownLow = lastLow;
    let knownHigh = lastHigh;
    let chosen = 0;
    let nic = order[0];
    let budget = nicBudget(0);
    let left = budget;
    let nicStart = Math.imul(nic, nicRingWords);
    let nicHead = nicRings[nicStart];
    let nicTail = nicIntegers[Math.imul(nic, nicColumn.integers) + nicColumn.tailSeen];
    let nicFrames = 0;
    let nicBytes = 0;
    let sentFrames = 0;
    let sentBytes = 0;

    for (let i = 0; i < count; i = (i + 1) | 0) {
      const descriptor = vmRings[ring + ringEntries + ((tail + i) & (vmRing - 1))];
      const bytes = descriptor & lengthMask;
      const slot = descriptor >>> lengthBits;
      if (slot >= slots || bytes < headerBytes) {
        vmNumbers[numbers + vm.dropped]++;
        continue;
      }
      const word = Math.imul(slot, slotWords);
      if (frames[word + 2] !== macLow || (frames[word + 3] & 0xffff) !== macHigh) {
        vmNumbers[numbers + vm.dropped]++;
        free(slot);
        continue;
      }
      const high = frames[word] >>> 16;
      const low = frames[word + 1];
      if (low !== knownLow || high !== knownHigh) {
        if (hasMac(macs, low, high)) {
          vmNumbers[numbers + vm.switched]++;
          free(slot);
          continue;
        }
        knownLow = low;
        knownHigh = high;
      }
      if (bytes > average || peak < 0) {
        vmNumbers[numbers + vm.dropped]++;
        free(slot);
        continue;
      }
      average = (average - bytes) | 0;
      peak = (peak - bytes) | 0;
      if (left <= 0) {
        const usPerByte = nicNumbers[Math.imul(nic, nicColumn.numbers) + nicColumn.usPerByte];
        insertNic(chosen + 1, chosen + nics, nic, finishUs[chosen] + (budget - left) * usPerByte);
        account(nic, nicHead, nicFrames, nicBytes);
        chosen = (chosen + 1) | 0;
        nic = order[chosen];
        budget = nicBudget(chosen);
        left = budget;
        nicStart = Math.imul(nic, nicRingWords);
        nicHead = nicRings[nicStart];
        nicTail = nicIntegers[Math.imul(nic, nicColumn.integers) + nicColumn.tailSeen];
        nicFrames = 0;
        nicBytes = 0;
      }
      left = (left - bytes) | 0;
      if (((nicHead - nicTail) | 0) === nicRing) {
        nicTail = nicRings[nicStart + ringTail];
        nicIntegers[Math.imul(nic, nicColumn.integers) + nicColumn.tailSeen] = nicTail;
        if (((nicHead - nicTail) | 0) === nicRing) {
          vmNumbers[numbers + vm.dropped]++;
          free(slot);
          continue;
        }
      }
      nicRings[nicStart + ringEntries + (nicHead & (nicRing - 1))] = descriptor;
      nicHead = (nicHead + 1) | 0;
      nicFrames = (nicFrames + 1) | 0;
      nicBytes = (nicBytes + bytes) | 0;
      sentFrames = (sentFrames + 1) | 0;
      sentBytes = (sentBytes + bytes) | 0;
    }

    account(nic, nicHead, nicFrames, nicBytes);
    buckets[averageRow + bucket.tokens] = average;
    buckets[peakRow + bucket.tokens] = peak;
    order[chosen + nics] = nic; // last among equals at the next batch
    orderHead = chosen + 1;
    vmNumbers[numbers + vm.sentFrames] += sentFrames;
    vmNumbers[numbers + vm.sentBytes] += sentBytes;
    vmNumbers[numbers + vm.backlog] = waiting - count;
    lastLow = knownLow;
    lastHigh = knownHigh;
    Atomics.store(vmRings, ring + ringTail, (tail + count) | 0);
    return count;
  }

  /** A burst for the driver, which takes all of it; its slots go back. */
  function drainBurst(n: number): void {
    const { nicRings, consumerHeld, magazines, nicNumbers } = fixed.memory;
    const { nicRingWords, nicRing, ringTail, ringEntries, burst, lengthBits, lengthMask, slotWords } = fixed.layout;
    const { magazine, loaded, fill } = fixed.layout;
    const { burstOffset, burstBytes, nic } = fixed;
    const ring = Math.imul(n, nicRingWords);
    const entries = (ring + ringEntries) | 0;
    const row = Math.imul(n, nic.numbers);
    const tail = nicRings[ring + ringTail];
    const queued = (nicRings[ring] - tail) | 0;
    const count = queued < burst ? queued : burst;
    // The slots are listed where they go when the driver has taken the frames: behind the free ones.
    if (consumerHeld[fill] > magazine / 2) unload();
    const used = consumerHeld[fill];
    const free = (Math.imul(consumerHeld[loaded], magazine) + used) | 0;
    let bytes = 0;
    for (let i = 0; i < count; i = (i + 1) | 0) {
      const descriptor = nicRings[entries + ((tail + i) & (nicRing - 1))];
      const slot = descriptor >>> lengthBits;
      magazines[free + i] = slot;
      burstOffset[i] = Math.imul(slot, slotWords * 4) + 2;
      burstBytes[i] = descriptor & lengthMask;
      bytes = (bytes + (descriptor & lengthMask)) | 0;
    }
    consumerHeld[fill] = used + count;
    nicNumbers[row + nic.pendingBytes] -= bytes;
    nicNumbers[row + nic.pendingFrames] -= count;
    nicNumbers[row + nic.sentBytes] += bytes;
    nicNumbers[row + nic.sentFrames] += count;
    nicRings[ring + ringTail] = (tail + count) | 0;
  }

  function drain(): void {
    const { nicRings } = fixed.memory;
    const { nicRingWords, ringTail } = fixed.layout;
    const { nics } = fixed;
    for (let n = 0; n < nics; n = (n + 1) | 0) {
      const ring = Math.imul(n, nicRingWords);
      while (nicRings[ring] !== nicRings[ring + ringTail]) drainBurst(n);
    }
  }

  function sweep(nowUs: number): number {
    const { doorbell, ready, vmNumbers } = fixed.memory;
    const { words, vm, drainAt } = fixed;
    let taken = 0;
    let sinceDrain = 0;
    for (let word = 0; word < words; word++)
      if (doorbell[word] !== 0) ready[word] |= Atomics.exchange(doorbell, word, 0);
    for (let word = 0; word < words; word++) {
      for (let bits = ready[word]; bits !== 0; bits &= bits - 1) {
        const bit = 31 - Math.clz32(bits & -bits);
        const v = (word << 5) | bit;
        const count = runVm(v, nowUs);
        if (vmNumbers[Math.imul(v, vm.numbers) + vm.backlog] === 0) ready[word] &= ~(1 << bit);
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
    const { vmNumbers, nicNumbers } = fixed.memory;
    const { vm, nic } = fixed;
    const total = { sent: 0, pending: 0, dropped: 0 };
    for (let v = 0; v < vms; v++) {
      total.dropped += vmNumbers[v * vm.numbers + vm.dropped] + vmNumbers[v * vm.numbers + vm.switched];
    }
    for (let n = 0; n < nics; n++) {
      total.sent += nicNumbers[n * nic.numbers + nic.sentFrames];
      total.pending += nicNumbers[n * nic.numbers + nic.pendingFrames];
    }
    return total;
  }

  return { produce, sweep, tally };
}
