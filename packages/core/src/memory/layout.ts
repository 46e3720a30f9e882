import {
  COLUMN_ALIGN,
  FairleadError,
  layOutTable,
  type NicColumns,
  nicColumns,
  type TableLayout,
  type VmColumns,
  vmColumns,
} from '@fairlead/sdk';

/** What decides how large the shared memory is. All counts are fixed for the life of a host. */
export interface MemoryShape {
  /** Rows of the VM table, and pairs of rings. */
  readonly vms: number;
  /** Rows of the NIC table. */
  readonly nics: number;
  /** Forwarding workers: lanes of the laned columns. */
  readonly workers: number;
  /** Frame slots in the pool. */
  readonly poolFrames: number;
  /** Bytes of one slot, a power of two from 256 to 16384; a frame may be two bytes shorter. */
  readonly slotBytes: number;
  /** Entries of a VM's transmit ring, of its receive ring and of a NIC's transmit queue: powers of two. */
  readonly txRingFrames: number;
  /** Frames in a VM's receive ring, a power of two. */
  readonly rxRingFrames: number;
  /** Frames in a worker's queue on each NIC, a power of two. */
  readonly nicRingFrames: number;
  /** Detectors, whose cost is sampled; 0 when left out. */
  readonly detectors?: number;
}

/** Int32 words of a ring's head and tail: each on 128 bytes of its own. */
export const RING_CONTROL_WORDS = 64;
export const RING_TAIL_WORD = 32;
/** Int32 words that a worker (and the device thread) shows of itself. */
export const THREAD_WORDS = 32;
/** Free slots that a thread keeps at most, and that move between it and the depot at once: those of two bursts. */
export const MAGAZINE_FRAMES = 128;
/** A host has at most this many teams of NICs. */
export const MAX_TEAMS = 16;
/** Int32 words of a team. */
export const TEAM_WORDS = 8;
/** EtherTypes that the control path may listen to. */
export const LISTENER_WORDS = 16;
/** Words of a ring for the host's own frames, three to a frame. */
export const HOST_RING_ENTRIES = 1024;
/** Numbers that all instances of one NIC's driver share. */
export const SHARED_NUMBERS = 64;

/** Numbers in a row of the table of costs, cost-table.ts. */
export const COST_NUMBERS = 40;
/** Rows of one worker in the table of costs: admit, sweep, select, send and receive of every NIC, observe of every detector. */
export function costRows({ nics, detectors = 0 }: Pick<MemoryShape, 'nics' | 'detectors'>): number {
  return 3 + 2 * nics + detectors;
}

/**
 * Slots are this much further apart than they are long. At a distance of 2048 bytes the headers of all frames would
 * share two of the 64 sets of a first-level cache; two lines more spread them over all.
 */
export const SLOT_GAP_BYTES = 128;

/**
 * Where everything is in the one SharedArrayBuffer of a host, as byte offsets. Computed from the shape alone, so that
 * every thread that knows the shape finds the same places:
 *
 * ```
 *  threads │ teams │ listeners │ nic table │ vm table │ tx rings │ rx rings │ nic rings │ hand-off rings │ host rings │
 *  doorbells │ depot │ shared │ costs │ frames
 * ```
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import type { MemoryLayout } from '@fairlead/core/stages';
 *
 * const layout: MemoryLayout = arena.layout;
 * console.log(`${layout.byteLength} bytes, the frames from ${layout.at.frames} on`);
 * ```
 */
export interface MemoryLayout {
  /** What it was laid out for. */
  readonly shape: MemoryShape;
  /** The columns of the NICs. */
  readonly nicTable: TableLayout<NicColumns>;
  /** The columns of the VMs. */
  readonly vmTable: TableLayout<VmColumns>;
  /** Where each part begins, in bytes. */
  readonly at: {
    readonly threads: number;
    readonly teams: number;
    readonly listeners: number;
    readonly nicTable: number;
    readonly vmTable: number;
    readonly txRings: number;
    readonly rxRings: number;
    readonly nicRings: number;
    readonly handoffRings: number;
    readonly hostRings: number;
    readonly txDoorbells: number;
    readonly rxDoorbell: number;
    readonly magazines: number;
    readonly heldMagazines: number;
    readonly slotVm: number;
    readonly shared: number;
    readonly costs: number;
    readonly frames: number;
  };
  /** Words of one doorbell. */
  readonly doorbellWords: number;
  /** Magazines of free slots. */
  readonly magazineCount: number;
  /** Threads that attach it: the workers and the thread of the devices. */
  readonly threads: number;
  /** Bytes of the whole memory. */
  readonly byteLength: number;
}

/** The largest offset of a frame must fit a signed 32-bit word. */
const MAX_POOL_BYTES = 2 ** 31 - 65536;
/** A magazine's number shares its word with a 16-bit tag. */
const MAX_MAGAZINES = 65_000;

/** Bytes of `rings` rings of `size` entries: control words, then entries. */
export function ringGroupBytes(rings: number, size: number): number {
  return rings * (RING_CONTROL_WORDS * 4 + size * 4);
}

/** Entries of the rings that carry (frame, VM) pairs from worker to worker. */
export const HANDOFF_ENTRIES = 2048;

/**
 * @throws FairleadError `FAIRLEAD_ERR_MEMORY_LAYOUT` when a size is not a power of two or the whole does not fit.
 */
export function layOutMemory(shape: MemoryShape): MemoryLayout {
  for (const [name, low, high] of [
    ['slotBytes', 256, 16384],
    ['txRingFrames', 8, 65536],
    ['rxRingFrames', 8, 65536],
    ['nicRingFrames', 64, 65536],
  ] as const) {
    const value = shape[name];
    if (value < low || value > high || (value & (value - 1)) !== 0) {
      throw new FairleadError('FAIRLEAD_ERR_MEMORY_LAYOUT', `${name} is ${value}`, {
        where: `memory.${name}`,
        mend: `choose a power of two from ${low} to ${high}`,
      });
    }
  }
  const poolBytes = shape.poolFrames * (shape.slotBytes + SLOT_GAP_BYTES);
  const threads = shape.workers + 1;
  const magazineCount = Math.ceil(shape.poolFrames / (MAGAZINE_FRAMES / 2)) + 2 * threads;
  if (poolBytes > MAX_POOL_BYTES || magazineCount > MAX_MAGAZINES || shape.poolFrames < MAGAZINE_FRAMES * threads) {
    throw new FairleadError(
      'FAIRLEAD_ERR_MEMORY_LAYOUT',
      `a pool of ${shape.poolFrames} frames of ${shape.slotBytes} bytes`,
      {
        where: 'memory.poolFrames',
        mend: `choose from ${MAGAZINE_FRAMES * threads} to ${Math.floor(MAX_POOL_BYTES / (shape.slotBytes + SLOT_GAP_BYTES))} frames`,
      },
    );
  }
  const nicTable = layOutTable(nicColumns, shape.nics, shape.workers);
  const vmTable = layOutTable(vmColumns, shape.vms, shape.workers);
  const doorbellWords = Math.max(1, Math.ceil(shape.vms / 32));
  let end = 0;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / COLUMN_ALIGN) * COLUMN_ALIGN;
    return at;
  };
  const at = {
    threads: place((threads + 1) * THREAD_WORDS * 4),
    teams: place(MAX_TEAMS * TEAM_WORDS * 4),
    listeners: place(LISTENER_WORDS * 4),
    nicTable: place(nicTable.byteLength),
    vmTable: place(vmTable.byteLength),
    txRings: place(ringGroupBytes(shape.vms, shape.txRingFrames)),
    rxRings: place(ringGroupBytes(shape.vms, shape.rxRingFrames)),
    nicRings: place(ringGroupBytes(shape.nics * shape.workers, shape.nicRingFrames)),
    handoffRings: place(shape.workers > 1 ? ringGroupBytes(shape.workers ** 2, HANDOFF_ENTRIES) : 0),
    hostRings: place(ringGroupBytes(2 * shape.workers, HOST_RING_ENTRIES)),
    txDoorbells: place(doorbellWords * 4 * shape.workers),
    rxDoorbell: place(doorbellWords * 4),
    magazines: place((2 * THREAD_WORDS + magazineCount * (2 + MAGAZINE_FRAMES)) * 4),
    heldMagazines: place(threads * THREAD_WORDS * 4),
    slotVm: place(shape.poolFrames * 4),
    shared: place(shape.nics * SHARED_NUMBERS * 8),
    costs: place(shape.workers * costRows(shape) * COST_NUMBERS * 8),
    frames: place(poolBytes),
  };
  return { shape, nicTable, vmTable, at, doorbellWords, magazineCount, threads, byteLength: end };
}
