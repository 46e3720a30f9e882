// The product's transmit path alone: one forwarding loop with its policies, fed by a producer of 64-byte frames. What is
// here is made once per process, as in a forwarding worker: V8 gives the loops that touch every frame their full speed
// only while there is one of each.

import proportionalShare from '@fairlead/admission-proportional-share';
import shapingFilter from '@fairlead/admission-shaping-filter';
import { checkValue } from '@fairlead/core';
import {
  Arena,
  type ArenaHandle,
  createArena,
  Forwarder,
  instantiate,
  type Observer,
  Policies,
  type Seat,
  type Surroundings,
} from '@fairlead/core/stages';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import type { AdmissionPolicy, LoadDistribution, NicDriver, PluginDefinition } from '@fairlead/sdk';
import { drivers } from './null-drivers.ts';

export const BATCH = 32;
const VM_RING = 256;
const NIC_RING = 1024;
const POOL_FRAMES = 16_384;
const NIC_BPS = 10e9;

/** Shared memory for so many VMs and NICs; its shape can be posted to a worker. */
export function loopMemory(vms: number, nics: number): ArenaHandle {
  const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  const handle = createArena(
    {
      vms,
      nics,
      workers: 1,
      poolFrames: POOL_FRAMES,
      slotBytes: 2048,
      txRingFrames: VM_RING,
      rxRingFrames: VM_RING,
      nicRingFrames: NIC_RING,
    },
    { nics: names('nic', nics), vms: names('vm', vms) },
  );
  const arena = new Arena(handle, 0);
  for (let vm = 0; vm < vms; vm++) {
    // 52:54:00 and the VM's number, as the words of a slot hold a source MAC.
    arena.vms.macWord0[vm] = 0x5452 | ((vm & 0xff0000) << 8);
    arena.vms.macWord1[vm] = ((vm >>> 8) & 0xff) | ((vm & 0xff) << 8);
    arena.vms.limitBps[vm] = 1e12; // the buckets are at work and never empty
    arena.vms.peakBps[vm] = 2e12;
    arena.vms.burstBytes[vm] = 1 << 24;
    arena.vms.shares[vm] = 1;
    arena.vms.runState[vm] = 1;
  }
  arena.nics.speedBps.fill(NIC_BPS);
  arena.teams.write(0, { serving: [...Array(nics).keys()], receiving: -1, group: -1 });
  arena.threads.available = nics === 32 ? -1 : (1 << nics) - 1;
  return handle;
}

/** The producer's side: the device thread's view of the arena. */
export class Producer {
  readonly #arena: Arena;

  constructor(handle: ArenaHandle) {
    this.#arena = new Arena(handle, 1);
  }

  /** Puts one batch into a VM's ring: a slot and a header each. False when there is no room. */
  batch(vm: number): boolean {
    const { pool, txRings, txDoorbells, vms, threads } = this.#arena;
    const { words, slotVm, wordsPerSlot } = pool;
    if (txRings.room(vm) < BATCH) return false;
    const low = vms.macWord0[vm];
    const high = vms.macWord1[vm] | 0x00080000;
    let count = 0;
    for (; count < BATCH; count++) {
      const slot = pool.allocate();
      if (slot < 0) break;
      const word = Math.imul(slot, wordsPerSlot);
      words[word] = 0x4702 << 16; // one destination beyond this host
      words[word + 1] = 0x01000000;
      words[word + 2] = low;
      words[word + 3] = high;
      slotVm[slot] = vm;
      txRings.stage(vm, pool.descriptor(slot, 64));
    }
    vms.acceptedFrames[vm] += count;
    txRings.publish(vm);
    txDoorbells[0]?.ring(vm);
    threads.wake(0);
    return true;
  }

  /** Frames that were put into the VMs' rings. */
  get accepted(): number {
    return this.#arena.vms.acceptedFrames.reduce((sum, frames) => sum + frames, 0);
  }
}

type AnyDefinition = PluginDefinition<'admission'> | PluginDefinition<'load-distribution'>;

/** One forwarding loop, with every bundled policy loaded. */
export class ProductLoop {
  readonly arena: Arena;
  readonly forwarder: Forwarder;
  readonly #policies: Policies;
  readonly #drivers: NicDriver[];
  readonly #admissions: readonly AdmissionPolicy[];
  readonly #distributions: readonly LoadDistribution[];

  /** One call of each hook in `sampleEvery` is timed, as a host does; 0: none. `observer` shows the frames to detectors. */
  constructor(handle: ArenaHandle, sampleEvery = 0, observer?: Observer) {
    const arena = new Arena(handle, 0);
    this.arena = arena;
    const surroundings: Surroundings = {
      nics: arena.nics,
      vms: arena.vms,
      clock: { nowUs: () => 0 },
      seed: 1,
      log: () => {},
    };
    const make = (definition: AnyDefinition, options: object): unknown => {
      const checked = checkValue(definition.options, options, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
      return instantiate(definition as never, checked.value as never, surroundings, definition.name);
    };
    this.#admissions = [
      make(shapingFilter, { peakBurstBytes: 65_536 }) as AdmissionPolicy,
      make(proportionalShare, {}) as AdmissionPolicy,
    ];
    this.#distributions = [pendingLoad, roundRobin, vmAffinity].map((one) => make(one, {}) as LoadDistribution);
    this.#policies = new Policies(
      { seat: this.#seat(0, this.#admissions) },
      { seat: this.#seat(0, this.#distributions) },
      arena.nics,
      (fault) => {
        throw fault.error;
      },
    );
    this.#drivers = Array.from({ length: arena.nics.count }, () => drivers[0] as NicDriver);
    this.forwarder = new Forwarder(arena, this.#policies, {
      worker: 0,
      batchFrames: BATCH,
      portSecurity: true,
      drivers: this.#drivers,
      receives: [],
      sampling: { every: sampleEvery, seed: 1, probe: { nowNs: () => performance.now() * 1e6, heapBytes: () => 0 } },
      sampledDrivers: this.#drivers.map((_, nic) => ({ name: `null${nic}` })),
      ...(observer === undefined ? {} : { observer }),
      driverFailed: (nic, hook, cause) => {
        throw new Error(`${hook} of NIC ${nic} failed`, { cause });
      },
    });
  }

  #seat<T>(index: number, instances: readonly T[]): Seat<T> {
    return { name: String(index), instance: instances[index] as T, needsFlow: false, fallback: undefined };
  }

  /**
   * Lets other policies and drivers do the work, so that every call has met them all, as in a host that has them loaded.
   * Turn 0: shaping, pending load and the driver that takes everything.
   */
  rotate(turn: number): void {
    this.#policies.admission = this.#admissions[turn % this.#admissions.length] as AdmissionPolicy;
    this.#policies.distribution = this.#distributions[turn % this.#distributions.length] as LoadDistribution;
    for (let nic = 0; nic < this.#drivers.length; nic++) {
      this.#drivers[nic] = drivers[turn === 0 ? 0 : (turn + nic) % drivers.length] as NicDriver;
    }
  }

  /** Frames by their fate; `accepted = transmitted + refused + backlog` must hold. */
  tally(): { transmitted: number; sent: number; dropped: number } {
    const { vms, nics } = this.arena;
    const sum = (column: ArrayLike<number>): number => Array.from(column).reduce((total, value) => total + value, 0);
    return { transmitted: sum(vms.transmittedFrames), sent: sum(nics.txFrames), dropped: sum(vms.dropped) };
  }
}
