import { type AdmissionPolicy, DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { Delivery } from './delivery.ts';
import { wrongAnswer } from './plugin-failure.ts';
import type { Policies } from './policies.ts';
import type { TransmitPath } from './transmit.ts';

/** The parts of a loop that know of a VM. */
interface LoopParts {
  readonly arena: Arena;
  readonly delivery: Delivery;
  readonly policies: Policies;
  readonly transmit: TransmitPath;
}

/** A VM that has come to a loop. */
export interface Arrival {
  /** VM number. */
  readonly vm: number;
  /** Frames that it had not received yet. */
  readonly inbound: readonly Uint8Array[];
  /** It comes from another host; false: it did not go after all. */
  readonly anew: boolean;
}

/**
 * What the loop that owns a VM does when the VM leaves the host, and when it comes: between two sweeps, so that no batch
 * is under way.
 *
 * @example
 * ```ts
 * import type { Arrival, Forwarder, Relocation } from '@fairlead/core/stages';
 *
 * // What VM 0 had waiting here is carried to the loop that it goes to.
 * function move(from: Forwarder, to: Forwarder, nowUs: number): number {
 *   const relocation: Relocation = from.relocation;
 *   const frames = relocation.leave(0);
 *   const arrival: Arrival = { vm: 0, inbound: frames, anew: true };
 *   to.relocation.arrive(arrival, nowUs);
 *   return frames.length;
 * }
 * ```
 */
export class Relocation {
  readonly #parts: LoopParts;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /**
   * Takes the frames that a VM has waiting to be sent out of its ring, in order. They are counted as `migrated`: whoever
   * is given them accepts them anew.
   */
  leave(vm: number): Uint8Array[] {
    const { arena, transmit } = this.#parts;
    const { txRings, pool, vms } = arena;
    const frames: Uint8Array[] = [];
    const waiting = txRings.length(vm);
    for (let i = 0; i < waiting; i++) {
      const descriptor = txRings.entry(vm, i);
      if (!pool.isDescriptor(descriptor)) continue; // names no slot: nothing to take, nothing to give back
      const slot = descriptor >>> pool.lengthBits;
      const at = pool.offset(slot);
      frames.push(pool.memory.slice(at, at + (descriptor & pool.lengthMask)));
      pool.free(slot);
    }
    txRings.consume(vm, waiting);
    vms.dropped[vm * DROP_REASON_COUNT + DropReason.Migrated] += waiting;
    vms.backlogFrames[vm] = 0;
    transmit.forget(vm);
    return frames;
  }

  /**
   * Puts frames that a VM had not received yet into its ring. The policies are told of one that has come `anew`, from
   * another host.
   */
  arrive({ vm, inbound, anew }: Arrival, nowUs: number): void {
    const { arena, delivery } = this.#parts;
    const { pool } = arena;
    if (anew) this.#tell(vm, nowUs);
    for (const frame of inbound) {
      const slot = frame.length > pool.maxFrameBytes ? -1 : pool.allocate();
      if (slot < 0) {
        delivery.lost(vm, frame.length > pool.maxFrameBytes ? DropReason.Oversize : DropReason.PoolEmpty);
        continue;
      }
      pool.memory.set(frame, pool.offset(slot));
      delivery.deliver(vm, pool.descriptor(slot, frame.length));
    }
    delivery.flush();
  }

  /** What it had saved up where it came from it has spent there. */
  #tell(vm: number, nowUs: number): void {
    const { policies } = this.#parts;
    const policy = policies.seatOf('admission').instance as AdmissionPolicy;
    if (policy.arrive === undefined) return;
    try {
      const answer: unknown = policy.arrive(vm, nowUs);
      if (answer !== undefined) throw wrongAnswer('arrive', answer);
    } catch (cause) {
      policies.admissionFailed('arrive', vm, cause);
    }
  }
}
