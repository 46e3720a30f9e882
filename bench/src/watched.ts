// Detectors beside the product's transmit path, and frames that have something for them to look at.

import { readFileSync } from 'node:fs';
import { checkValue, type HostConfig } from '@fairlead/core';
import {
  Arena,
  type ArenaHandle,
  type DetectorSeat,
  instantiate,
  Observer,
  type Surroundings,
} from '@fairlead/core/stages';
import type { Detector, PluginDefinition } from '@fairlead/sdk';
import { BATCH } from './product-loop.ts';

const WINDOW_US = 1e6;
const PROBE = { nowNs: () => performance.now() * 1e6, heapBytes: () => 0 };
/** Connections among which every frame picks one. */
const FLOWS = 4096;

/** The detectors that come with the project: those among the dependencies of the bench. */
export async function bundledDetectors(): Promise<PluginDefinition<'detector'>[]> {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  const names = Object.keys(dependencies).filter((name) => name.startsWith('@fairlead/detector-'));
  const modules = await Promise.all(names.map((name) => import(name) as Promise<{ default: never }>));
  return modules.map((module) => module.default);
}

/** Shows the frames of a loop to one instance of each detector, with its default options. */
export function observerOf(
  handle: ArenaHandle,
  detectors: readonly PluginDefinition<'detector'>[],
  observe: HostConfig['observe'],
): Observer {
  const arena = new Arena(handle, 0);
  const surroundings: Surroundings = {
    nics: arena.nics,
    vms: arena.vms,
    clock: { nowUs: () => 0 },
    seed: 1,
    log: () => {},
  };
  const seats = detectors.map((definition, number): DetectorSeat => {
    const { value } = checkValue(definition.options, {}, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
    const instance: Detector = instantiate(definition, value as never, surroundings, definition.name);
    const { needs = [] } = definition;
    const needsHeaders = (typeof needs === 'function' ? needs(value as never) : needs).includes('headers');
    const budget = { controlMs: 30_000 };
    return { number, name: definition.name, instance, needsHeaders, windowUs: WINDOW_US, budget };
  });
  const sampling = { every: 8192, seed: 1, probe: PROBE };
  return new Observer({ arena, worker: 0, sampling, nowUs: 0, observe }, seats, {
    judged: () => {},
    detectorFailed: (_, { error }) => {
      throw error;
    },
  });
}

/** Gives frames that lie in a VM's ring the headers of IPv4 and TCP, each of a connection drawn at random. */
export class Dresser {
  readonly #arena: Arena;
  #state = 0x2545_f491;

  constructor(handle: ArenaHandle) {
    this.#arena = new Arena(handle, 1);
  }

  /** Dresses the batch that was put into a VM's ring last. */
  batch(vm: number): void {
    const { txRings, pool } = this.#arena;
    const length = txRings.length(vm);
    for (let i = length - BATCH; i < length; i++) {
      this.#dress(pool.offset(txRings.entry(vm, i) >>> pool.lengthBits), vm);
    }
  }

  #dress(at: number, vm: number): void {
    const { memory } = this.#arena.pool;
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    const flow = (x >>> 8) % FLOWS;
    memory[at + 14] = 0x45;
    memory[at + 20] = 0x40; // not to be fragmented
    memory[at + 21] = 0;
    memory[at + 23] = 6; // TCP
    memory.set([10, 0, 0, vm, 192, 168, flow >>> 8, flow & 0xff, 0xc0, flow & 0x3f, 1, 187], at + 26);
    memory[at + 47] = (x & 15) === 0 ? 2 : 0x10; // one SYN in sixteen, else ACK
  }
}
