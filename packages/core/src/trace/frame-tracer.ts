import { NO_NIC_YET, type TransmitBatch, Verdict, type VmTable } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { Classifier, Head } from '../path/classify.ts';
import type { NicQueues } from '../path/nic-queues.ts';
import type { Policies } from '../path/policies.ts';
import type { TransmitPath } from '../path/transmit.ts';
import type { Turn } from '../path/turn.ts';
import { Asked } from './asked.ts';
import type { AdmissionSeen, FrameKind, NicSeen, TracedFrame, TraceOutcome } from './traced-frame.ts';

/** Frames of one turn that are written down at most. */
const MOST_A_TURN = 64;
const HEADER_BYTES = 64;
const KIND_OF: Readonly<Record<Head, FrameKind>> = {
  [Head.Empty]: 'ordinary',
  [Head.Broken]: 'broken',
  [Head.Runt]: 'runt',
  [Head.Spoofed]: 'spoofed',
  [Head.Local]: 'local',
  [Head.Group]: 'group',
};

/** The parts of the loop whose work is written down. */
interface TracedParts {
  readonly arena: Arena;
  readonly batch: TransmitBatch;
  readonly classifier: Classifier;
  readonly policies: Policies;
  readonly queues: NicQueues;
  readonly transmit: TransmitPath;
}

/** A frame as it lay in the ring before the turn. */
type Looked = Pick<TracedFrame, 'bytes' | 'header' | 'kind' | 'toVm'>;

/**
 * Writes down what becomes of the next frames of one VM. While nobody asks, the loop is as if this did not exist: only
 * for the time of a trace it stands in the place of the VM's turn, looks at the ring before and at the batch after it,
 * and listens to what the policies answer in between.
 *
 * @example
 * ```ts
 * import type { Forwarder, FrameTracer } from '@fairlead/core/stages';
 *
 * // Prints over which NIC the next frame of VM 0 goes.
 * function next(loop: Forwarder): void {
 *   const tracer: FrameTracer = loop.tracer;
 *   tracer.start(0, 1, ({ distribution }) => console.log(distribution?.nic));
 * }
 * ```
 */
export class FrameTracer {
  readonly #parts: TracedParts;
  #stop: () => void = () => undefined;
  #left = 0;
  /** The frame at the head of the ring that has been looked at, and is not done with. */
  #pending: TracedFrame | undefined;
  #tell: (frame: TracedFrame) => void = () => undefined;

  constructor(parts: TracedParts) {
    this.#parts = parts;
  }

  /** Tells of the next `frames` of a VM, one by one. A trace that is under way ends. */
  start(vm: number, frames: number, tell: (frame: TracedFrame) => void): void {
    this.stop();
    this.#left = frames;
    this.#tell = tell;
    const { transmit } = this.#parts;
    const serve = transmit.serve;
    this.#stop = () => {
      transmit.serve = serve;
    };
    transmit.serve = (turnOf, nowUs) => {
      if (turnOf !== vm) return serve(turnOf, nowUs);
      const turn = this.#watch(vm, nowUs, serve);
      if (this.#left <= 0) this.stop();
      return turn;
    };
  }

  /** Ends the trace; a frame that still waits is told of as it is. */
  stop(): void {
    this.#stop();
    this.#stop = () => undefined;
    if (this.#pending !== undefined && this.#left > 0) this.#tell(this.#pending);
    this.#pending = undefined;
    this.#left = 0;
  }

  #watch(vm: number, nowUs: number, serve: (vm: number, nowUs: number) => Turn): Turn {
    const { arena, classifier, policies, transmit } = this.#parts;
    const { nics, vms } = arena;
    const waiting = classifier.waiting(vm);
    if (waiting <= 0) return serve(vm, nowUs);
    const frames = this.#look(vm, Math.min(waiting, this.#left, MOST_A_TURN));
    nics.show(vms.team[vm]);
    const seen = this.#nicsNow();
    const rooms = Array.from({ length: nics.count }, (_, nic) => this.#parts.queues.room(nic));
    const asked = new Asked(policies);
    const turn = serve(vm, nowUs);
    asked.end();
    const finished = transmit.finished;
    const about = { vm, atUs: nowUs, backlogFrames: waiting, turns: 1, failed: asked.failed };
    const nothing = { admission: undefined, distribution: undefined, roomFrames: 0 };
    const alone = aloneAtHead(frames);
    for (const frame of frames.slice(0, alone))
      this.#put({ ...about, ...frame, ...nothing, outcome: frame.kind === 'local' ? 'delivered' : 'dropped' });
    const run = runFrom(frames, alone);
    if (run.length === 0) return turn;
    if (nics.availableCount === 0) {
      this.#put({ ...about, ...(run[0] as Looked), ...nothing, outcome: 'no-nic' });
      return turn;
    }
    this.#conclude(run, { ...about, asked, seen, rooms }, finished - alone);
    return turn;
  }

  /** What became of the frames of a batch, of which `finished` have left the ring. */
  #conclude(run: readonly Looked[], about: About, finished: number): void {
    const { batch, policies } = this.#parts;
    const { asked, seen, rooms, ...rest } = about;
    const count = asked.count ?? batch.count;
    const decided = asked.count === undefined ? count : batch.queuedFrom;
    const dropped = asked.count === undefined ? 0 : batch.drops;
    const sent = finished - dropped;
    let kept = 0;
    for (const [i, frame] of run.slice(0, count).entries()) {
      const admission = this.#admission(rest.vm, i, asked);
      const verdict = admission?.verdict ?? 'admit';
      if (verdict !== 'admit') {
        const outcome: TraceOutcome = verdict === 'drop' && i < decided ? 'dropped' : 'waits';
        this.#put({ ...rest, ...frame, admission, distribution: undefined, roomFrames: 0, outcome });
        if (outcome === 'waits') return;
        continue;
      }
      const nic = batch.nic[kept];
      const policy = asked.distributionFailed ? policies.names.distribution : asked.names.distribution;
      const explanation = asked.chosen(kept);
      const distribution = { policy, nic, pinned: asked.pinned, nics: seen, explanation };
      const outcome = kept < sent ? 'queued' : nic === NO_NIC_YET ? 'waits' : 'no-room';
      this.#put({ ...rest, ...frame, admission, distribution, roomFrames: rooms[nic] ?? 0, outcome });
      if (outcome !== 'queued') return;
      kept++;
    }
  }

  #admission(vm: number, i: number, asked: Asked): AdmissionSeen | undefined {
    if (asked.count === undefined) return undefined;
    const { batch, policies, arena } = this.#parts;
    const queued = i >= batch.queuedFrom;
    const dropped = !queued && batch.drops > 0 && batch.verdict[i] === Verdict.Drop;
    return {
      policy: asked.admissionFailed ? policies.names.admission : asked.names.admission,
      verdict: queued ? 'queue' : dropped ? 'drop' : 'admit',
      reason: dropped ? batch.reason[i] : -1,
      retryAtUs: batch.retryAtUs,
      vmRow: vmRow(arena.vms, vm),
      explanation: asked.admitted(i),
    };
  }

  /** Tells of a frame that is done with; keeps one that is not, with what was said of it before. */
  #put(frame: TracedFrame): void {
    const before = this.#pending;
    const merged =
      before === undefined
        ? frame
        : { ...frame, atUs: before.atUs, turns: before.turns + 1, admission: frame.admission ?? before.admission };
    const done = frame.outcome === 'queued' || frame.outcome === 'dropped' || frame.outcome === 'delivered';
    this.#pending = done ? undefined : merged;
    if (!done || this.#left <= 0) return;
    this.#left--;
    this.#tell(merged);
  }

  #look(vm: number, count: number): Looked[] {
    const { arena, classifier } = this.#parts;
    const { pool, txRings } = arena;
    return Array.from({ length: count }, (_, i) => {
      const descriptor = txRings.entry(vm, i);
      const kind = KIND_OF[classifier.kindOf(vm, descriptor)];
      const bytes = descriptor & pool.lengthMask;
      const from = kind === 'broken' ? 0 : pool.offset(descriptor >>> pool.lengthBits);
      const header = pool.memory.slice(from, from + (kind === 'broken' ? 0 : Math.min(bytes, HEADER_BYTES)));
      return { bytes, header, kind, toVm: kind === 'local' ? classifier.headVm : -1 };
    });
  }

  #nicsNow(): NicSeen[] {
    const { nics } = this.#parts.arena;
    return Array.from({ length: nics.count }, (_, nic) => ({
      available: ((nics.availableMask >>> nic) & 1) === 1,
      pendingBytes: nics.pendingBytes[nic],
      pendingFrames: nics.pendingFrames[nic],
      speedBps: nics.speedBps[nic],
    }));
  }
}

/** What is the same for all frames of a turn. */
interface About extends Pick<TracedFrame, 'vm' | 'atUs' | 'backlogFrames' | 'turns' | 'failed'> {
  readonly asked: Asked;
  readonly seen: readonly NicSeen[];
  readonly rooms: readonly number[];
}

/** Frames at the head that are dealt with one by one: dropped, or for a VM of this host. */
function aloneAtHead(frames: readonly Looked[]): number {
  const first = frames.findIndex(({ kind }) => kind === 'ordinary' || kind === 'group');
  return first < 0 ? frames.length : first;
}

/** The frames that the policies were asked about: a run of ordinary ones, or one group frame. */
function runFrom(frames: readonly Looked[], from: number): readonly Looked[] {
  const rest = frames.slice(from);
  if (rest[0]?.kind === 'group') return rest.slice(0, 1);
  if (from > 0) return []; // ordinary frames behind others have their turn later
  const end = rest.findIndex(({ kind }) => kind !== 'ordinary');
  return end < 0 ? rest : rest.slice(0, end);
}

function vmRow(vms: VmTable, vm: number): Record<string, number> {
  return {
    limitBps: vms.limitBps[vm],
    peakBps: vms.peakBps[vm],
    burstBytes: vms.burstBytes[vm],
    reservationBps: vms.reservationBps[vm],
    entitledBps: vms.entitledBps[vm],
    shares: vms.shares[vm],
    priority: vms.priority[vm],
  };
}
