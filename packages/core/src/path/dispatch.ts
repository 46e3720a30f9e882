import { type NicTable, NO_NIC_YET, type TransmitBatch } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { type FramePool, HEADROOM_BYTES } from '../memory/frame-pool.ts';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../memory/layout.ts';
import type { NicView } from '../memory/nic-view.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import { flowHash } from './flow-hash.ts';
import type { NicQueues } from './nic-queues.ts';
import { wrongAnswer, wrongNic } from './plugin-failure.ts';
import type { Policies } from './policies.ts';
import type { SampledCalls } from './sampled-calls.ts';

/** What is staged and not yet published. */
interface Staged {
  frames: number;
  bytes: number;
  /** Bit set of the NICs whose queues have grown. */
  touched: number;
}

/** What the VM has waiting is given so that a second policy sees the same batch as the one that failed. */
type Send = (vm: number, count: number, nowUs: number, waiting: number) => number;

/**
 * Over which NIC: asks load distribution about the frames of a batch and puts them on the queues of the NICs it chose.
 * Nothing of it counts before `publish`.
 */
export class Dispatcher {
  /** Stages frames on the NICs that load distribution chooses; returns how many found room. */
  readonly send: Send;
  /** Commits what was staged. */
  readonly publish: () => void;
  readonly #nics: NicView & NicTable;
  readonly #pool: FramePool;
  readonly #batch: TransmitBatch;
  readonly #frames: Int32Array;
  readonly #queues: NicQueues;
  readonly #policies: Policies;
  readonly #enter: Enter;
  readonly #vmTeam: Int32Array;
  /** `vms.pinnedNic` as it was at the last change: between two changes nothing moves. */
  readonly #pinned: Int32Array;
  readonly #wanted: Int32Array;
  readonly #staged: Staged = { frames: 0, bytes: 0, touched: 0 };

  /** `frames` holds the descriptors of the batch's frames. */
  constructor(
    arena: Arena,
    worker: number,
    batch: TransmitBatch,
    frames: Int32Array,
    policies: Policies,
    queues: NicQueues,
    sampled: SampledCalls,
  ) {
    this.#nics = arena.nics;
    this.#pool = arena.pool;
    this.#batch = batch;
    this.#frames = frames;
    this.#queues = queues;
    this.#policies = policies;
    this.#vmTeam = arena.networks.team;
    this.#wanted = arena.vms.pinnedNic;
    this.#pinned = Int32Array.from(this.#wanted);
    this.#enter = arena.threads.createEnter(worker);
    this.send = this.#createSend(queues, policies, this.#enter, sampled);
    this.publish = createPublish(queues, arena.nics, this.#staged);
  }

  /** Bytes that the last `send` has staged. */
  get stagedBytes(): number {
    return this.#staged.bytes;
  }

  /** A hot function, see forwarder.ts. */
  #createSend(queues: NicQueues, policies: Policies, enter: Enter, sampled: SampledCalls): Send {
    const { entries, tail, head, base, size, mask } = queues;
    const { pendingBytes, count: nicCount } = this.#nics;
    const fixed = {
      batch: this.#batch,
      frames: this.#frames,
      lengthMask: this.#pool.lengthMask,
      chosen: this.#batch.nic,
      pinned: this.#pinned,
      staged: this.#staged,
      nics: this.#nics,
      queue: { entries, tail, head, base, size, mask, pendingBytes, nicCount },
      policies,
      enter,
      selecting: Phase.Select,
      sampled,
      countdown: sampled.selecting,
    };
    const send: Send = (vm, count, nowUs, waiting) => {
      const { batch, frames, lengthMask, chosen, pinned, staged, nics, policies, enter, selecting } = fixed;
      const { sampled, countdown } = fixed;
      const { entries, tail, head, base, size, mask, pendingBytes, nicCount } = fixed.queue;
      staged.frames = 0; // those of the batch before are not this one's to take back
      for (let attempt = 0; ; attempt++) {
        batch.count = count;
        enter(selecting, vm);
        let fault: unknown;
        const pin = pinned[vm];
        if (pin !== 0 && ((nics.availableMask >>> (pin - 1)) & 1) === 1) chosen.fill(pin - 1, 0, count);
        else {
          try {
            const answer: unknown = --countdown.left > 0 ? policies.distribution.select(batch) : sampled.select(batch);
            if (answer !== undefined) fault = wrongAnswer('select', answer);
          } catch (cause) {
            fault = cause ?? new Error('threw undefined');
          }
        }

        // Run by run of one NIC, so that its position and its pending bytes are read and written once a run: frame by
        // frame they are a chain of memory operations, the slowest part of the path.
        const available = nics.availableMask;
        let touched = staged.touched;
        let total = 0;
        let i = 0;
        while (fault === undefined && i < count) {
          const nic = chosen[i];
          if (nic >>> 0 >= nicCount || ((available >>> nic) & 1) === 0) {
            if (nic === NO_NIC_YET) break; // this frame and all behind it wait
            fault = wrongNic(nic, nicCount);
            break;
          }
          const ring = base + Math.imul(nic, size);
          let at = tail[nic];
          const room = (size - ((at - head[nic]) | 0)) | 0;
          if (room <= 0) break; // its queue is full: this frame and all behind it wait
          const end = room < count - i ? (i + room) | 0 : count;
          let run = 0;
          do {
            const descriptor = frames[i];
            entries[ring + (at & mask)] = descriptor;
            run = (run + (descriptor & lengthMask)) | 0;
            at = (at + 1) | 0;
            i = (i + 1) | 0;
          } while (i < end && chosen[i] === nic);
          tail[nic] = at;
          pendingBytes[nic] += run;
          touched |= 1 << nic;
          total = (total + run) | 0;
        }
        staged.touched = touched;
        staged.bytes = total;
        staged.frames = i;
        if (fault === undefined) return i;

        batch.count = count;
        policies.distributionFailed('select', vm, fault, batch);
        this.#unstage(vm, nowUs, waiting);
        if (policies.shut || attempt > 8) return 0; // fallbacks are finite; this bounds even a circle of them
      }
    };
    return send;
  }

  /** Takes back what a failed choice had staged. */
  #unstage(vm: number, nowUs: number, waiting: number): void {
    const { nic } = this.#batch;
    for (let i = 0; i < this.#staged.frames; i++) {
      this.#queues.tail[nic[i]]--;
      this.#nics.pendingBytes[nic[i]] -= this.#frames[i] & this.#pool.lengthMask;
    }
    this.#staged.frames = 0;
    this.#staged.bytes = 0;
    this.#batch.vm = vm;
    this.#batch.nowUs = nowUs;
    this.#batch.backlog = waiting;
  }

  /** The NIC that load distribution chooses for a frame that the host sends on behalf of a VM; -1 when there is none. */
  choose(vm: number, descriptor: number, nowUs: number): number {
    const batch = this.#batch;
    const nics = this.#nics;
    if (this.#vmTeam[vm] !== nics.team) nics.show(this.#vmTeam[vm]);
    if (nics.availableCount === 0) return -1;
    const pin = this.#pinned[vm] - 1;
    if (pin >= 0 && ((nics.availableMask >>> pin) & 1) === 1) return pin;
    this.#frames[0] = descriptor;
    batch.bytes[0] = descriptor & this.#pool.lengthMask;
    batch.begin(vm, 1, nowUs, 1);
    this.fill(1);
    this.#enter(Phase.Select, vm);
    try {
      this.#policies.distribution.select(batch);
    } catch (cause) {
      this.#policies.distributionFailed('select', vm, cause);
      return nics.preferred;
    }
    const nic = batch.nic[0];
    return nic >= 0 && nic < nics.count && ((nics.availableMask >>> nic) & 1) === 1 ? nic : nics.preferred;
  }

  /** Takes over on which NICs VMs are pinned; called when something has changed. */
  takePins(): void {
    this.#pinned.set(this.#wanted);
  }

  /** Fills in what the policies ask for beside the frames' lengths. */
  fill(count: number): void {
    if (this.#policies.needsFlow) this.#fillFlow(count);
    if (this.#policies.needsHeaders) this.#fillOffset(count);
  }

  /** Says where each frame begins. */
  #fillOffset(count: number): void {
    const frames = this.#frames;
    const { offset } = this.#batch;
    const { lengthBits, slotStride } = this.#pool;
    for (let i = 0; i < count; i++) offset[i] = (frames[i] >>> lengthBits) * slotStride + HEADROOM_BYTES;
  }

  /** Hashes the flow of each frame. */
  #fillFlow(count: number): void {
    const frames = this.#frames;
    const { flow, bytes } = this.#batch;
    const pool = this.#pool;
    for (let i = 0; i < count; i++) {
      flow[i] = flowHash(pool.memory, (frames[i] >>> pool.lengthBits) * pool.slotStride, bytes[i]);
    }
  }
}

/** A hot function, see forwarder.ts. */
function createPublish(queues: NicQueues, nics: NicTable, staged: Staged): () => void {
  const { enqueuedFrames, pendingFrames } = nics;
  const { tail, control, controlBase } = queues;
  const fixed = {
    tail,
    control,
    enqueuedFrames,
    pendingFrames,
    staged,
    tailBase: controlBase + RING_TAIL_WORD,
    controlWords: RING_CONTROL_WORDS,
  };
  return function publish() {
    const { tail, control, enqueuedFrames, pendingFrames, staged, tailBase, controlWords } = fixed;
    for (let mask = staged.touched; mask !== 0; mask &= mask - 1) {
      const nic = 31 - Math.clz32(mask & -mask);
      const at = tailBase + Math.imul(nic, controlWords);
      const added = (tail[nic] - control[at]) | 0;
      control[at] = tail[nic];
      enqueuedFrames[nic] += added;
      pendingFrames[nic] += added;
    }
    staged.touched = 0;
  };
}
