import { setTimeout as pause } from 'node:timers/promises';
import { type InterfaceCounters, interfaceCounters } from './interface-counters.ts';
import type { LinkEnd } from './namespaces.ts';

const EVERY_MS = 100;

/** Reads the counters of an interface ten times a second, to tell its rate at any time that it watched. */
export class ByteWatch {
  readonly #samples: { readonly atMs: number; readonly counters: InterfaceCounters }[] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(port: LinkEnd) {
    this.#done = this.#watch(port);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  /**
   * What came into the interface, in bit/s, between the first sample at or after `fromMs` and the last before `untilMs`;
   * NaN of a time that is too short to tell.
   */
  rxBps(fromMs: number, untilMs: number): number {
    const within = this.#samples.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
    const [first, last] = [within[0], within.at(-1)];
    if (first === undefined || last === undefined || first === last) return Number.NaN;
    return ((last.counters.rxBytes - first.counters.rxBytes) * 8e3) / (last.atMs - first.atMs);
  }

  async #watch(port: LinkEnd): Promise<void> {
    while (!this.#stopped) {
      const counters = await interfaceCounters(port);
      this.#samples.push({ atMs: performance.now(), counters });
      await pause(EVERY_MS);
    }
  }
}
