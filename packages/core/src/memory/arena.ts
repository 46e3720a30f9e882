import { type NicTable, type VmTable, viewTable } from '@fairlead/sdk';
import { CostTable } from './cost-table.ts';
import { Doorbell } from './doorbell.ts';
import { FramePool } from './frame-pool.ts';
import { HostRings } from './host-rings.ts';
import {
  HANDOFF_ENTRIES,
  layOutMemory,
  MAX_TEAMS,
  type MemoryLayout,
  type MemoryShape,
  SHARED_NUMBERS,
} from './layout.ts';
import { NicView } from './nic-view.ts';
import { RingGroup } from './ring-group.ts';
import { TeamSets } from './team-sets.ts';
import { Threads } from './threads.ts';
import { VmNetworks } from './vm-networks.ts';

/** Names of the rows, which shared memory does not hold. */
export interface RowNames {
  /** Names of the NICs, by NIC number. */
  readonly nics: readonly string[];
  /** Names of the VMs, by VM number. */
  readonly vms: readonly string[];
}

/** What a thread needs to find its way in a host's shared memory; it can be posted to a worker. */
export interface ArenaHandle {
  /** The memory. */
  readonly memory: SharedArrayBuffer;
  /** How many of each thing are in it. */
  readonly shape: MemoryShape;
  /** What the rows of its tables are called. */
  readonly names: RowNames;
}

/**
 * Makes and fills the shared memory of a host.
 *
 * @example
 * ```ts
 * import { Arena, type ArenaHandle, createArena, type MemoryShape, type RowNames } from '@fairlead/core/stages';
 *
 * const shape: MemoryShape = {
 *   vms: 1,
 *   nics: 2,
 *   workers: 1,
 *   poolFrames: 1024,
 *   slotBytes: 2048,
 *   txRingFrames: 16,
 *   rxRingFrames: 16,
 *   nicRingFrames: 64,
 * };
 * const names: RowNames = { nics: ['uplink0', 'uplink1'], vms: ['web'] };
 * const handle: ArenaHandle = createArena(shape, names); // may be posted to another thread
 * const worker = new Arena(handle, 0);
 * const devices = new Arena(handle, shape.workers); // the thread of the virtual NICs comes behind the workers
 * devices.vms.limitBps[0] = 200e6;
 * console.log(worker.vms.limitBps[0]); // 200000000: one memory
 * ```
 */
export function createArena(shape: MemoryShape, names: RowNames): ArenaHandle {
  const layout = layOutMemory(shape);
  const memory = new SharedArrayBuffer(layout.byteLength);
  FramePool.stock(memory, layout);
  return { memory, shape, names };
}

/**
 * One thread's views of a host's shared memory.
 *
 * @example
 * ```ts
 * import { Arena, type ArenaHandle, createArena, type MemoryShape, type RowNames } from '@fairlead/core/stages';
 *
 * const shape: MemoryShape = {
 *   vms: 1,
 *   nics: 2,
 *   workers: 1,
 *   poolFrames: 1024,
 *   slotBytes: 2048,
 *   txRingFrames: 16,
 *   rxRingFrames: 16,
 *   nicRingFrames: 64,
 * };
 * const names: RowNames = { nics: ['uplink0', 'uplink1'], vms: ['web'] };
 * const handle: ArenaHandle = createArena(shape, names); // may be posted to another thread
 * const worker = new Arena(handle, 0);
 * const devices = new Arena(handle, shape.workers); // the thread of the virtual NICs comes behind the workers
 * devices.vms.limitBps[0] = 200e6;
 * console.log(worker.vms.limitBps[0]); // 200000000: one memory
 * ```
 */
export class Arena {
  /** What another thread needs to attach the same memory. */
  readonly handle: ArenaHandle;
  /** Where everything is. */
  readonly layout: MemoryLayout;
  /** Heartbeats, sleep, and the NICs that are available. */
  readonly threads: Threads;
  /** Which NICs serve each team. */
  readonly teams: TeamSets;
  /** The NICs, with this thread's lane of the laned columns. */
  readonly nics: NicView & NicTable;
  /** The VMs. */
  readonly vms: VmTable;
  /** Which team carries each VM's frames, as this thread last looked. */
  readonly networks: VmNetworks;
  /** The frames. */
  readonly pool: FramePool;
  /** From each VM: descriptors of frames on their way out. */
  readonly txRings: RingGroup;
  /** To each VM: descriptors of received frames. */
  readonly rxRings: RingGroup;
  /** Queue of worker w on NIC n is ring `w * nics + n`. */
  readonly nicRings: RingGroup;
  /** From worker a to worker b is ring `a * workers + b`; entries are (descriptor, VM) pairs. */
  readonly handoffRings: RingGroup;
  /** Frames of the host's own, between the control path and the workers. */
  readonly hostRings: HostRings;
  /** For each worker: which VMs have put something into their ring. */
  readonly txDoorbells: readonly Doorbell[];
  /** For the device thread: which VMs have something to pull. */
  readonly rxDoorbell: Doorbell;
  /** What the plugins' calls cost, by samples. */
  readonly costs: CostTable;

  /** `thread`: 0 to workers - 1 are forwarding workers, `workers` is the device thread. */
  constructor(handle: ArenaHandle, thread: number) {
    const { memory, shape, names } = handle;
    const layout = layOutMemory(shape);
    const { at } = layout;
    this.handle = handle;
    this.layout = layout;
    this.threads = new Threads(memory, at.threads, layout.threads);
    this.teams = new TeamSets(memory, at.teams, MAX_TEAMS);
    const lane = Math.min(thread, shape.workers - 1);
    this.nics = NicView.attach(memory, layout, lane, names.nics);
    this.vms = { ...viewTable(layout.vmTable, memory, at.vmTable, lane), count: shape.vms, names: names.vms };
    this.networks = new VmNetworks(this.vms);
    this.pool = new FramePool(memory, layout, thread);
    this.txRings = new RingGroup(memory, at.txRings, shape.vms, shape.txRingFrames);
    this.rxRings = new RingGroup(memory, at.rxRings, shape.vms, shape.rxRingFrames);
    this.nicRings = new RingGroup(memory, at.nicRings, shape.nics * shape.workers, shape.nicRingFrames);
    this.handoffRings = new RingGroup(
      memory,
      at.handoffRings,
      shape.workers > 1 ? shape.workers ** 2 : 0,
      HANDOFF_ENTRIES,
    );
    this.hostRings = new HostRings(memory, at, shape.workers);
    this.txDoorbells = Array.from(
      { length: shape.workers },
      (_, worker) => new Doorbell(memory, at.txDoorbells + worker * layout.doorbellWords * 4, layout.doorbellWords),
    );
    this.rxDoorbell = new Doorbell(memory, at.rxDoorbell, layout.doorbellWords);
    this.costs = new CostTable(memory, at.costs, shape);
  }

  /** Has every forwarding worker look at what the control path has written. */
  wakeWorkers(): void {
    for (let worker = 0; worker < this.handle.shape.workers; worker++) this.threads.wake(worker);
  }

  /** Another worker's view, for an audit. */
  lane(worker: number): Arena {
    return new Arena(this.handle, worker);
  }

  /** The numbers that all driver instances of one NIC share. */
  sharedNumbers(nic: number): Float64Array {
    return new Float64Array(this.handle.memory, this.layout.at.shared + nic * SHARED_NUMBERS * 8, SHARED_NUMBERS);
  }
}
