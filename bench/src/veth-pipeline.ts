// Fairlead between two interfaces in one thread: what arrives on the first is taken for what a VM sends, goes through the
// whole transmit path and its policies, and leaves by the second, which is the host's NIC.

import shapingFilter from '@fairlead/admission-shaping-filter';
import { checkValue } from '@fairlead/core';
import {
  Arena,
  createArena,
  Forwarder,
  instantiate,
  Policies,
  type Seat,
  type Surroundings,
} from '@fairlead/core/stages';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import {
  type AdmissionPolicy,
  FrameBurst,
  type LoadDistribution,
  macWord0,
  macWord1,
  type NicDriver,
  type PluginDefinition,
  parseMac,
} from '@fairlead/sdk';
import { openAfPacket, surroundingsOf } from './af-packet.ts';
import { VethLoop } from './veth-loop.ts';

/** What the load sends from: port security lets nothing else through. */
const LOAD_MAC = parseMac('52:54:00:00:00:01');
const VM = 0;
const WORKER = 0;
const READ_FRAMES = 64;
/** The configuration's defaults. */
const BATCH_FRAMES = 32;
const RINGS = { txRingFrames: 256, rxRingFrames: 256, nicRingFrames: 1024 };
const POOL = { poolFrames: 8192, slotBytes: 2048 };
const NIC_BPS = 10e9;
/** Both buckets are at work, and never empty. */
const LIMIT_BPS = 1e12;
const PEAK_BPS = 2e12;
const PEAK_BURST_BYTES = 65_536;
const BURST_BYTES = 1 << 24;

function makeArena(name: string): Arena {
  const arena = new Arena(
    createArena({ vms: 1, nics: 1, workers: 1, ...POOL, ...RINGS }, { nics: [name], vms: ['vm0'] }),
    WORKER,
  );
  const { vms, nics, threads } = arena;
  vms.macWord0[VM] = macWord0(LOAD_MAC);
  vms.macWord1[VM] = macWord1(LOAD_MAC);
  vms.limitBps[VM] = LIMIT_BPS;
  vms.peakBps[VM] = PEAK_BPS;
  vms.burstBytes[VM] = BURST_BYTES;
  vms.shares[VM] = 1;
  vms.runState[VM] = 1;
  nics.speedBps[0] = NIC_BPS;
  arena.teams.write(0, { serving: [0], receiving: -1, group: -1 });
  threads.available = 1;
  return arena;
}

/** The VM's side: reads frames into slots of the pool and puts their descriptors on the VM's ring; nothing is copied. */
class Reader {
  readonly #arena: Arena;
  readonly #driver: NicDriver;
  readonly #burst: FrameBurst;
  readonly #slots = new Int32Array(READ_FRAMES);
  #held = 0;

  constructor(arena: Arena, driver: NicDriver) {
    this.#arena = arena;
    this.#driver = driver;
    this.#burst = new FrameBurst(arena.pool.memory, READ_FRAMES, arena.pool.maxFrameBytes);
  }

  /** Takes what has arrived, at most a burst. Call when the VM's ring has room for one. */
  read(): number {
    const { pool, txRings, txDoorbells, vms } = this.#arena;
    const burst = this.#burst;
    const slots = this.#slots;
    for (; this.#held < READ_FRAMES; this.#held++) slots[this.#held] = pool.allocate();
    for (let i = 0; i < READ_FRAMES; i++) burst.offset[i] = pool.offset(slots[i] as number);
    const count = this.#driver.receive(burst);
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) {
      const slot = slots[i] as number;
      pool.slotVm[slot] = VM;
      txRings.stage(VM, pool.descriptor(slot, burst.bytes[i] as number));
    }
    vms.acceptedFrames[VM] = (vms.acceptedFrames[VM] as number) + count;
    txRings.publish(VM);
    txDoorbells[WORKER]?.ring(VM);
    slots.copyWithin(0, count);
    this.#held -= count;
    return count;
  }
}

type Kind = 'admission' | 'load-distribution';

function seat<T>(definition: PluginDefinition<Kind>, options: object, surroundings: Surroundings): Seat<T> {
  const checked = checkValue(definition.options, options, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
  const instance = instantiate(definition, checked.value, surroundings, definition.name) as T;
  return { name: definition.name, instance, needsFlow: false, fallback: undefined };
}

export class VethPipeline {
  /** The same drivers without the pipeline. */
  readonly loop: VethLoop;
  readonly #arena: Arena;
  readonly #reader: Reader;
  readonly #forwarder: Forwarder;
  readonly #policies: Policies;
  readonly #shaped: { readonly admission: AdmissionPolicy; readonly distribution: LoadDistribution };
  readonly #bare: { readonly admission: AdmissionPolicy; readonly distribution: LoadDistribution };

  private constructor(arena: Arena, surroundings: Surroundings, from: NicDriver, to: NicDriver) {
    this.#arena = arena;
    this.loop = new VethLoop(arena, from, to);
    const fault = ({ error }: { error: Error }): never => {
      throw error;
    };
    const shaping = seat<AdmissionPolicy>(shapingFilter as never, { peakBurstBytes: PEAK_BURST_BYTES }, surroundings);
    const pending = seat<LoadDistribution>(pendingLoad as never, {}, surroundings);
    // Without seats: the framework's last resorts, which admit everything and take the first NIC.
    const { admission, distribution } = new Policies({ seat: undefined }, { seat: undefined }, arena.nics, fault);
    this.#bare = { admission, distribution };
    this.#policies = new Policies({ seat: shaping }, { seat: pending }, arena.nics, fault);
    this.#shaped = { admission: shaping.instance, distribution: pending.instance };
    this.#reader = new Reader(arena, from);
    this.#forwarder = new Forwarder(arena, this.#policies, {
      worker: WORKER,
      batchFrames: BATCH_FRAMES,
      portSecurity: true,
      drivers: [to],
      receives: [],
      driverFailed: (_, hook, cause) => {
        throw new Error(`${hook} failed`, { cause });
      },
    });
  }

  static async open(from: string, to: string): Promise<VethPipeline> {
    const arena = makeArena(to);
    const surroundings = surroundingsOf(arena);
    const reader = await openAfPacket(arena, surroundings, { index: 0, interface: from, receives: true });
    const sender = await openAfPacket(arena, surroundings, { index: 0, interface: to, receives: false });
    return new VethPipeline(arena, surroundings, reader, sender);
  }

  /** With its policies, or with none: every frame admitted, to the first NIC. */
  set policed(policed: boolean) {
    const { admission, distribution } = policed ? this.#shaped : this.#bare;
    this.#policies.admission = admission;
    this.#policies.distribution = distribution;
  }

  /** Reads a burst and forwards it. Returns the frames read. */
  turn(): number {
    const count = this.#reader.read();
    do this.#forwarder.sweep(performance.now() * 1000);
    while (this.#forwarder.hasReady || this.#forwarder.hasQueued);
    return count;
  }

  /** @throws Error when not every frame that was read has been sent: then something else than forwarding was measured. */
  assertForwarded(): void {
    const { vms, nics } = this.#arena;
    const accepted = vms.acceptedFrames[VM];
    if (accepted === 0 || accepted !== nics.txFrames[0]) {
      throw new Error(`read ${accepted} frames, sent ${nics.txFrames[0]}, dropped ${vms.dropped.join(' ')}`);
    }
  }
}
