import { TransmitBatch, type VmTable } from '@fairlead/sdk';
import { type TestNicTable, type TestVm, testNics, testVms } from '@fairlead/sdk/testing';
import { options, ProportionalShare, type ProportionalShareOptions } from '../src/index.ts';

/** The options as the host hands them over: what is written, and the schema's default for the rest. */
export function written(some: Partial<ProportionalShareOptions> = {}): ProportionalShareOptions {
  const defaults = Object.entries(options.properties).map(([key, property]) => [key, property.default]);
  return { ...Object.fromEntries(defaults), ...some };
}

/** A VM and what it sends: frames of the given lengths in turn, at a rate, or as many as its ring takes. */
export interface Guest extends TestVm {
  frameBytes?: readonly number[];
  sendsBps?: number;
}

export interface Setting {
  speedsBps: readonly number[];
  guests: readonly Guest[];
  /** Time between sweeps, used in turn; the clock has no other steps. */
  sweepUs?: number | readonly number[];
  batchFrames?: number;
  nicFrames?: number;
  options?: Partial<ProportionalShareOptions>;
  /** NIC of a VM; the one that would be finished first when it is left out. */
  place?: (vm: number) => number;
}

const RING_FRAMES = 256;
const TICK_US = 64;

/**
 * The host's transmit path as an admission policy sees it: bounded rings, sweeps that begin behind the VM served last,
 * a NIC queue that may be full when a frame has been admitted, a wheel of parked VMs with ticks of 64 us, and NICs that
 * carry one frame at a time. Nothing in it is left to chance.
 */
export class SimulatedHost {
  readonly nics: TestNicTable;
  readonly vms: VmTable;
  readonly policy: ProportionalShare;
  nowUs = 0;
  sweeps = 0;
  /** Bytes that found their way onto a NIC's queue, by VM. */
  readonly servedBytes: Float64Array;
  /** 1 for a VM that was refused something in the last sweep in which it was offered, and not for its limit. */
  readonly refused: Uint8Array;
  /** 1 for a VM that was asked in this sweep. */
  readonly offered: Uint8Array;
  /** A VM that is suspended keeps its frames and is not served. */
  readonly suspended: Uint8Array;
  /** A VM that is silent sends nothing more. */
  readonly silent: Uint8Array;
  readonly waitingFrames: Int32Array;
  readonly #batch = new TransmitBatch();
  readonly #setting: Setting;
  readonly #frames: readonly (readonly number[])[];
  /** Number of the frame at the head of each ring, of those that the guest has ever sent. */
  readonly #head: Float64Array;
  readonly #arrivedBytes: Float64Array;
  readonly #admitted: Int32Array;
  readonly #parkedUntilUs: Float64Array;
  readonly #queues: { bytes: number[]; first: number; busyUntilUs: number }[];
  #cursor = 0;

  constructor(setting: Setting) {
    const count = setting.guests.length;
    this.#setting = setting;
    this.nics = testNics(setting.speedsBps);
    this.vms = testVms(setting.guests);
    this.policy = new ProportionalShare(this.nics, this.vms, written(setting.options));
    this.servedBytes = new Float64Array(count);
    this.refused = new Uint8Array(count);
    this.offered = new Uint8Array(count);
    this.suspended = new Uint8Array(count);
    this.silent = new Uint8Array(count);
    this.waitingFrames = new Int32Array(count);
    this.#frames = setting.guests.map((guest) => guest.frameBytes ?? [1514]);
    this.#head = new Float64Array(count);
    this.#arrivedBytes = new Float64Array(count);
    this.#admitted = new Int32Array(count);
    this.#parkedUntilUs = new Float64Array(count);
    this.#queues = setting.speedsBps.map(() => ({ bytes: [], first: 0, busyUntilUs: 0 }));
  }

  /** Lets time pass, and returns the rate of each VM in it, in bit/s. */
  run(durationUs: number, afterSweep?: () => void): number[] {
    const before = this.servedBytes.slice();
    const fromUs = this.nowUs;
    while (this.nowUs < fromUs + durationUs) {
      this.#sweep();
      afterSweep?.();
      const every = this.#setting.sweepUs ?? 20;
      this.nowUs += typeof every === 'number' ? every : every[this.sweeps % every.length];
    }
    return [...this.servedBytes].map((bytes, vm) => ((bytes - before[vm]) * 8e6) / (this.nowUs - fromUs));
  }

  /** Part of `durationUs` for which the NICs were at work, were they to be fed without end. */
  utilisation(rates: readonly number[]): number {
    let capacityBps = 0;
    for (let k = 0; k < this.nics.availableCount; k++) capacityBps += this.nics.speedBps[this.nics.available[k]];
    return rates.reduce((sum, rate) => sum + rate, 0) / capacityBps;
  }

  #sweep(): void {
    this.sweeps++;
    this.offered.fill(0);
    this.policy.sweep(this.nowUs);
    const count = this.vms.count;
    const first = this.#cursor;
    for (let k = 0; k < count; k++) {
      const vm = (first + k) % count;
      this.#arrive(vm);
      if (this.waitingFrames[vm] === 0 || this.suspended[vm] === 1) continue;
      if (this.#parkedUntilUs[vm] > this.nowUs) continue;
      if (this.#serve(vm) > 0) this.#cursor = (vm + 1) % count;
    }
    for (const nic of this.nics.available.subarray(0, this.nics.availableCount)) this.#drain(nic);
  }

  #arrive(vm: number): void {
    if (this.silent[vm] === 1) return;
    const { sendsBps } = this.#setting.guests[vm];
    if (sendsBps === undefined) {
      this.waitingFrames[vm] = RING_FRAMES;
      return;
    }
    const lengths = this.#frames[vm];
    for (;;) {
      const next = lengths[(this.#head[vm] + this.waitingFrames[vm]) % lengths.length];
      if (((this.#arrivedBytes[vm] + next) * 8e6) / sendsBps > this.nowUs) return;
      this.#arrivedBytes[vm] += next;
      // What the ring has no room for is the guest's loss.
      if (this.waitingFrames[vm] < RING_FRAMES) this.waitingFrames[vm]++;
    }
  }

  /** One batch; returns how many of its frames went. */
  #serve(vm: number): number {
    const { batchFrames = 32 } = this.#setting;
    const admitted = this.#admitted[vm];
    const count = Math.min(this.waitingFrames[vm], admitted > 0 ? admitted : batchFrames);
    const batch = this.#batch;
    const lengths = this.#frames[vm];
    batch.begin(vm, count, this.nowUs, this.waitingFrames[vm]);
    for (let i = 0; i < count; i++) batch.bytes[i] = lengths[(this.#head[vm] + i) % lengths.length];
    let decided = count;
    if (admitted === 0) {
      this.policy.admit(batch);
      decided = batch.queuedFrom;
      this.offered[vm] = 1;
      const parked = decided < count && batch.retryAtUs > this.nowUs;
      if (parked) this.#parkedUntilUs[vm] = (Math.floor(batch.retryAtUs / TICK_US) + 1) * TICK_US;
      this.refused[vm] = decided < count && !parked ? 1 : 0;
    }
    let sent = 0;
    while (sent < decided && this.#stage(vm, batch.bytes[sent])) sent++;
    this.#admitted[vm] = decided - sent;
    this.#head[vm] += sent;
    this.waitingFrames[vm] -= sent;
    return sent;
  }

  #stage(vm: number, bytes: number): boolean {
    const { nics } = this;
    const { place, nicFrames = 1024 } = this.#setting;
    let nic = place?.(vm) ?? nics.available[0];
    if (place === undefined) {
      for (const other of nics.available.subarray(1, nics.availableCount)) {
        if (nics.pendingBytes[other] / nics.speedBps[other] < nics.pendingBytes[nic] / nics.speedBps[nic]) nic = other;
      }
    }
    if (nics.pendingFrames[nic] >= nicFrames) return false;
    this.#queues[nic].bytes.push(bytes);
    nics.pendingBytes[nic] += bytes;
    nics.pendingFrames[nic]++;
    nics.enqueuedFrames[nic]++;
    this.vms.transmittedFrames[vm]++;
    this.servedBytes[vm] += bytes;
    return true;
  }

  /** The line carries one frame at a time, each from the end of the one before when it waited for that. */
  #drain(nic: number): void {
    const queue = this.#queues[nic];
    const { nics } = this;
    const waited = queue.first > 0 && queue.first < queue.bytes.length;
    if (!waited && queue.busyUntilUs < this.nowUs) queue.busyUntilUs = this.nowUs;
    while (queue.first < queue.bytes.length && queue.busyUntilUs <= this.nowUs) {
      const bytes = queue.bytes[queue.first++];
      queue.busyUntilUs += (bytes * 8e6) / nics.speedBps[nic];
      nics.pendingBytes[nic] -= bytes;
      nics.pendingFrames[nic]--;
    }
    if (queue.first === queue.bytes.length) {
      queue.bytes.length = 0;
      queue.first = 0;
    } else if (queue.first > 4096) {
      queue.bytes.splice(0, queue.first - 1);
      queue.first = 1;
    }
  }
}

/** Jain's index of fairness (1984): 1 when all get the same, 1/n when one gets everything. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}

export const Mbps = (rateBps: number): string => `${(rateBps / 1e6).toFixed(1)} Mbps`;
