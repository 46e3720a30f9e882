import type { Explanation, VmTable } from '@fairlead/sdk';
import {
  createInstance,
  ManualClock,
  MemoryMoves,
  type TestNicTable,
  testBatch,
  testNics,
  testVms,
} from '@fairlead/sdk/testing';
import { expect } from 'vitest';
import plugin, { type LoadRebalance } from '../src/index.ts';

/** The host around a policy: queues on NICs, filled by `send` and emptied by `drain`, counted as the host counts. */
export class Link {
  readonly nics: TestNicTable;
  readonly vms: VmTable;
  readonly clock = new ManualClock();
  readonly log = {
    entries: [] as { message: string; fields: object | undefined }[],
    info: (message: string, fields?: object): void => void this.log.entries.push({ message, fields }),
    warn: (message: string): never => expect.fail(message),
  };
  readonly told = new MemoryMoves();
  #policy: LoadRebalance;
  readonly #make: (options: object) => LoadRebalance;
  /** Bytes put on each NIC's queue since they were last taken. */
  sentBytes: Float64Array;

  constructor(speedsBps: readonly number[], vms: number, options: object) {
    this.nics = testNics(speedsBps);
    this.vms = testVms(Array.from({ length: vms }, () => ({})));
    this.sentBytes = new Float64Array(speedsBps.length);
    const { nics, vms: rows, clock, log, told: moves } = this;
    this.#make = (now) => createInstance(plugin, now, { nics, vms: rows, clock, log, moves }) as LoadRebalance;
    this.#policy = this.#make(options);
  }

  /** Another instance goes on with the state of the one that was. */
  swap(options: object): void {
    const state = structuredClone(this.#policy.exportState());
    this.#policy = this.#make(options);
    this.#policy.importState(state, { name: 'load-rebalance' });
  }

  /** One batch; returns the NICs as far as frames were put on them, before the first that has to wait. */
  send(vm: number, bytes: readonly number[], flows: readonly number[] = bytes.map(() => 0)): number[] {
    const batch = testBatch(bytes, { vm, nowUs: this.clock.nowUs(), flows });
    this.#policy.select(batch);
    const nics: number[] = [];
    for (let i = 0; i < bytes.length && batch.nic[i] >= 0; i++) {
      const nic = batch.nic[i] as number;
      nics.push(nic);
      this.nics.enqueuedFrames[nic]++;
      this.nics.pendingFrames[nic]++;
      this.sentBytes[nic] += bytes[i] as number;
    }
    return nics;
  }

  /** What is said of each frame of a batch. */
  explain(vm: number, bytes: readonly number[], flows: readonly number[] = bytes.map(() => 0)): Explanation[] {
    const batch = testBatch(bytes, { vm, nowUs: this.clock.nowUs(), flows });
    this.#policy.select(batch);
    return bytes.map((_, i) => this.#policy.explain(batch, i));
  }

  /** The NIC takes so many frames, or all that wait. */
  drain(nic: number, frames = this.nics.pendingFrames[nic] as number): void {
    this.nics.pendingFrames[nic] -= frames;
    this.nics.txFrames[nic] += frames;
  }

  drainAll(): void {
    for (let nic = 0; nic < this.nics.count; nic++) this.drain(nic);
  }

  takeSent(): number[] {
    const taken = [...this.sentBytes];
    this.sentBytes.fill(0);
    return taken;
  }

  /** Units that the log has moved since the start, as `VM vm3 nic0 > nic1`. */
  get moves(): string[] {
    return this.log.entries
      .map(({ message }) => /^moving (.*) from (.*) to (.*): uneven load$/.exec(message))
      .filter((found) => found !== null)
      .map(([, unit, from, to]) => `${unit} ${from} > ${to}`);
  }
}

/** `count` loads of Zipf's law, the greatest first, that add up to 1. */
export function zipf(count: number): number[] {
  const weights = Array.from({ length: count }, (_, k) => 1 / (k + 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
