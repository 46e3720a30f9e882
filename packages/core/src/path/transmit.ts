import { DROP_REASON_COUNT, DropReason, type NicTable, type TransmitBatch, type VmTable } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { FramePool } from '../memory/frame-pool.ts';
import { RING_CONTROL_WORDS } from '../memory/layout.ts';
import type { NicView } from '../memory/nic-view.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import { BatchDrops } from './batch-drops.ts';
import { Classifier, Head } from './classify.ts';
import type { Delivery } from './delivery.ts';
import type { Dispatcher } from './dispatch.ts';
import { PARKING_TICK_US } from './parking.ts';
import { wrongAnswer, wrongWait } from './plugin-failure.ts';
import { Policer } from './policer.ts';
import type { Policies } from './policies.ts';
import type { SampledCalls } from './sampled-calls.ts';
import { type Serve, Turn } from './turn.ts';

/**
 * The way of a VM's frames from its ring to the NICs' queues, one run at a time: classify, admit, distribute, send.
 *
 * Frames stay in the VM's ring until they are sent or dropped: what waits is what is in the ring, in order, and there
 * is no second queue to keep in step. A batch is committed at its end by moving the ring's head and the queues' tails;
 * until then nothing has happened, so a plugin may fail anywhere and another one decides the batch anew.
 *
 * @example
 * ```ts
 * import type { Forwarder, Serve, TransmitPath } from '@fairlead/core/stages';
 *
 * // One batch of one VM's frames: classify, admit, distribute, and onto the queues of the NICs.
 * function oneTurn(loop: Forwarder, vm: number, nowUs: number): void {
 *   const transmit: TransmitPath = loop.transmit;
 *   const serve: Serve = transmit.serve;
 *   serve(vm, nowUs);
 * }
 * ```
 */
export class TransmitPath {
  /** Time of the last `Parked` turn. */
  retryAtUs = 0;
  /** Frames sent or otherwise finished with in the last turn. */
  finished = 0;
  /** Gives a VM its turn: one batch. */
  serve: Serve;
  /** Drops what VMs send beyond their rates, behind the admission policy. */
  readonly policer: Policer;
  readonly #vms: VmTable;
  readonly #team: Int32Array;
  readonly #nics: NicView & NicTable;
  readonly #pool: FramePool;
  readonly #ringControl: Int32Array;
  readonly #ringEntries: Int32Array;
  readonly #ringSize: number;
  readonly #classifier: Classifier;
  readonly #policies: Policies;
  readonly #dispatcher: Dispatcher;
  readonly #delivery: Delivery;
  readonly #batch: TransmitBatch;
  readonly #batchFrames: number;
  /** Frames at the head of each ring that are admitted already and only wait for room on a NIC. */
  readonly #admitted: Int32Array;
  /** 1 when the group frame at the head of a ring has been given to the local VMs already. */
  readonly #flooded: Uint8Array;
  readonly #drops: BatchDrops;

  constructor(
    arena: Arena,
    worker: number,
    batch: TransmitBatch,
    classifier: Classifier,
    policies: Policies,
    dispatcher: Dispatcher,
    delivery: Delivery,
    batchFrames: number,
    sampled: SampledCalls,
  ) {
    this.policer = new Policer(arena.vms.policedOutboundBps, arena.pool.maxFrameBytes);
    this.#vms = arena.vms;
    this.#team = arena.networks.team;
    this.#nics = arena.nics;
    this.#pool = arena.pool;
    this.#ringControl = arena.txRings.control;
    this.#ringEntries = arena.txRings.entries;
    this.#ringSize = arena.txRings.size;
    this.#batch = batch;
    this.#classifier = classifier;
    this.#policies = policies;
    this.#dispatcher = dispatcher;
    this.#delivery = delivery;
    this.#batchFrames = batchFrames;
    this.#admitted = new Int32Array(arena.vms.count);
    this.#flooded = new Uint8Array(arena.vms.count);
    this.#drops = new BatchDrops(arena, batch, classifier.frames, batchFrames);
    this.serve = this.#createServe(arena.vms, arena.threads.createEnter(worker), sampled);
  }

  /**
   * A hot function, see forwarder.ts. What every batch passes through is written out here, and what few do is in methods:
   * V8 compiles only so much of other functions into one (docs/adr/0004).
   */
  #createServe(vms: VmTable, enter: Enter, sampled: SampledCalls): Serve {
    const { backlogFrames, refusedTransfers, transmittedFrames, transmittedBytes } = vms;
    const team = this.#team;
    const fixed = {
      nics: this.#nics,
      policies: this.#policies,
      policer: this.policer,
      drops: this.#drops,
      dispatcher: this.#dispatcher,
      delivery: this.#delivery,
      batch: this.#batch,
      ring: { control: this.#ringControl, controlWords: RING_CONTROL_WORDS, size: this.#ringSize },
      column: { backlogFrames, refusedTransfers, transmittedFrames, transmittedBytes, team },
      mark: { ahead: this.#admitted, flooded: this.#flooded },
      limit: { batchFrames: this.#batchFrames, tickUs: PARKING_TICK_US },
      waitingOf: this.#classifier.waiting,
      run: this.#classifier.run,
      enter,
      admitting: Phase.Admit,
      sampled,
      send: this.#dispatcher.send,
      publish: this.#dispatcher.publish,
      turn: Turn,
    };
    const serve: Serve = (vm, nowUs) => {
      const { nics, policies, dispatcher, delivery, batch, waitingOf, run, send, publish } = fixed;
      const { enter, admitting, sampled, policer, drops } = fixed;
      const { control, controlWords, size } = fixed.ring;
      const { backlogFrames, refusedTransfers, transmittedFrames, transmittedBytes, team } = fixed.column;
      const { ahead, flooded } = fixed.mark;
      const { batchFrames, tickUs } = fixed.limit;
      const { Empty, More, Parked } = fixed.turn;

      this.finished = 0;
      const waiting = waitingOf(vm);
      if (waiting <= 0) {
        backlogFrames[vm] = 0;
        return Empty;
      }
      const admitted = ahead[vm];
      let max = admitted > 0 ? admitted : batchFrames;
      if (max > waiting) max = waiting;
      let count = run(vm, max);
      const ordinary = count > 0;
      if (!ordinary) {
        if (!this.#takeUnusual(vm, max)) {
          backlogFrames[vm] = waiting - this.finished;
          return waiting > this.finished ? More : Empty;
        }
        count = 1; // a group frame, given to the local VMs, is now for the NICs like any other
      }
      const backlog = waiting - this.finished;
      if (team[vm] !== nics.team) nics.show(team[vm]);
      if (nics.availableCount === 0) {
        backlogFrames[vm] = backlog;
        return More;
      }
      batch.begin(vm, count, nowUs, backlog);
      if (policies.needsFlow || policies.needsHeaders) dispatcher.fill(count);

      // Asks the admission policy how many frames from the front are decided; the rest wait.
      let decided = count;
      if (admitted <= 0 || policies.shut) {
        enter(admitting, vm);
        for (;;) {
          try {
            const answer: unknown =
              --sampled.admitting.left > 0 ? policies.admission.admit(batch) : sampled.admit(batch);
            if (answer !== undefined) throw wrongAnswer('admit', answer);
            const { queuedFrom, retryAtUs } = batch;
            if ((queuedFrom | 0) !== queuedFrom || queuedFrom < 0 || queuedFrom > count || retryAtUs !== retryAtUs)
              throw wrongWait(queuedFrom, retryAtUs, count);
            break;
          } catch (cause) {
            this.#admissionFailed(vm, count, nowUs, backlog, cause);
          }
        }
        decided = batch.queuedFrom | 0;
        if (decided < count || batch.drops > 0) refusedTransfers[vm]++;
        if (policer.on && admitted <= 0 && ordinary) policer.drop(batch, decided);
      }

      // Drops what is to be dropped, chooses a NIC for the rest, and commits.
      const kept = batch.drops > 0 ? drops.setApart(decided) : decided;
      const sent = kept > 0 ? send(vm, kept, nowUs, backlog) : 0;
      const unsent = kept - sent;
      if (unsent > 0 && kept < decided) this.#closeGap(vm, decided, sent, unsent);
      ahead[vm] = unsent;
      const finished = decided - unsent;
      this.finished += finished;
      if (finished > 0) flooded[vm] = 0;
      // The ring first: a frame in neither is known to be lost if this thread dies in between, one in both would go twice.
      const word = Math.imul(vm, controlWords);
      Atomics.store(control, word, control[word] + finished);
      if (sent > 0) {
        transmittedFrames[vm] += sent;
        transmittedBytes[vm] += dispatcher.stagedBytes;
      }
      backlogFrames[vm] = backlog - finished;
      publish();
      if (kept < decided) drops.dropAll(vm, decided - kept);

      const left = waiting - this.finished;
      if (waiting >= size && left < waiting) delivery.roomFor(vm);
      if (left <= 0) return Empty;
      if (decided < count && unsent === 0 && batch.retryAtUs - nowUs > tickUs) {
        this.retryAtUs = batch.retryAtUs;
        return Parked;
      }
      return More;
    };
    return serve;
  }

  /** Another policy is to decide about the batch, as if nothing had happened. */
  #admissionFailed(vm: number, count: number, nowUs: number, waiting: number, cause: unknown): void {
    const batch = this.#batch;
    batch.count = count;
    this.#policies.admissionFailed('admit', vm, cause, batch);
    batch.drops = 1; // so that begin clears every verdict
    batch.begin(vm, count, nowUs, waiting);
  }

  /** Dropped frames lay between those that stay: moves the frames left up, so that they are the ring's next ones. */
  #closeGap(vm: number, decided: number, sent: number, left: number): void {
    const { frames } = this.#classifier;
    const head = this.#ringControl[vm * RING_CONTROL_WORDS];
    const base = vm * this.#ringSize;
    const mask = this.#ringSize - 1;
    for (let i = 0; i < left; i++) this.#ringEntries[base + ((head + decided - left + i) & mask)] = frames[sent + i];
  }

  /**
   * Deals with frames at the head that are not ordinary: drops them, or gives them to a VM of this host. Up to `max`;
   * true when it stopped at a group frame that now goes on to the NICs (it is then the run).
   */
  #takeUnusual(vm: number, max: number): boolean {
    const classifier = this.#classifier;
    for (let i = 0; i < max; i++) {
      if (i > 0 && classifier.run(vm, 1) > 0) return false;
      const descriptor = classifier.inspect(vm);
      if (classifier.head === Head.Empty) return false;
      const bytes = descriptor & this.#pool.lengthMask;
      const fresh = classifier.head === Head.Group ? this.#flooded[vm] === 0 : classifier.head === Head.Local;
      if (fresh && this.policer.refuses(vm, bytes)) {
        this.#consumeHead(vm);
        this.#drops.drop(vm, descriptor, DropReason.Policed);
        continue;
      }
      if (classifier.head === Head.Group) {
        if (fresh) this.#delivery.flood(descriptor, vm, 1 << this.#team[vm]);
        this.#flooded[vm] = 1;
        classifier.frames[0] = descriptor;
        this.#batch.bytes[0] = bytes;
        return true;
      }
      this.#consumeHead(vm);
      if (classifier.head === Head.Local) {
        this.#vms.transmittedFrames[vm]++;
        this.#vms.transmittedBytes[vm] += bytes;
        this.#vms.localFrames[vm]++;
        this.#delivery.deliver(classifier.headVm, descriptor);
      } else if (classifier.head === Head.Broken) {
        this.#vms.dropped[vm * DROP_REASON_COUNT + DropReason.Malformed]++; // names no slot: nothing to give back
      } else {
        this.#drops.drop(vm, descriptor, classifier.head === Head.Runt ? DropReason.Runt : DropReason.Spoofed);
      }
    }
    return false;
  }

  /** A VM's ring has been emptied from outside: nothing is known of what was at its head. */
  forget(vm: number): void {
    this.#admitted[vm] = 0;
    this.#flooded[vm] = 0;
  }

  #consumeHead(vm: number): void {
    const at = vm * RING_CONTROL_WORDS;
    Atomics.store(this.#ringControl, at, this.#ringControl[at] + 1);
    this.finished++;
  }
}
