import type { Signal } from '@fairlead/sdk';
import type { VmManager } from '../managers/vm-manager.ts';
import type { Arena } from '../memory/arena.ts';
import type { Composition } from '../plan.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';
import type { Devices } from '../runtime/devices.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import { ActionLog } from './action-log.ts';
import type { ActionRecord } from './action-record.ts';
import { Chain, type ChainSurroundings, unknownAction } from './chain.ts';
import { SignalBoard, type SignalNotice } from './signal-board.ts';
import type { ChainRule } from './signal-config.ts';
import {
  backlogSource,
  detectedSource,
  failoverSource,
  nicDownSource,
  type SignalSource,
  unmetSource,
} from './sources.ts';
import { VmHolds } from './vm-holds.ts';
import { createReins } from './vm-reins.ts';

/** A host at rest looks a fifth as often as it polls links. */
const RESPITE_LOOKS = 10;
const LEAST_RESPITE_US = 100_000;

/** What the signals of a host are about, and what is done about them. */
interface SignalParts {
  readonly arena: Arena;
  readonly composition: Composition;
  readonly surroundings: Surroundings;
  readonly teams: TeamManager;
  readonly vms: VmManager;
  readonly devices: Pick<Devices, 'delay'>;
  /** Moves a VM to the host that suits best. */
  readonly migrate: (vm: string) => Promise<void>;
}

/** Is told what comes of them. */
interface SignalListener {
  emit(event: 'action', record: ActionRecord): unknown;
  emit(event: 'signal', notice: SignalNotice): unknown;
}

/** A chain and what it hears. */
interface Hearing {
  readonly chain: Chain;
  readonly source: SignalSource;
  heard: readonly Signal[];
}

/**
 * Sees what is the matter on the host, and has the configured chains of responders answer it. All of it happens on the
 * control path: the data path goes on, whatever a responder does.
 *
 * @example
 * ```ts
 * import type { ActionRecord, Host, SignalManager } from '@fairlead/core';
 *
 * async function letAllGo(host: Host): Promise<void> {
 *   const signals: SignalManager = host.signals;
 *   const standing: readonly ActionRecord[] = signals.actions();
 *   for (const { id } of standing) await signals.undo(id);
 * }
 * ```
 */
export class SignalManager {
  readonly #log: ActionLog;
  readonly #board: SignalBoard;
  readonly #hearings: readonly Hearing[];
  readonly #holds: VmHolds;
  readonly #periodUs: number;
  readonly #goingOn = new Set<Promise<void>>();
  #lookedUs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(parts: SignalParts, listener: SignalListener) {
    const { arena, composition, devices, surroundings, teams, vms } = parts;
    const { config } = composition;
    const nowUs = (): number => surroundings.clock.nowUs();
    this.#log = new ActionLog((record) => listener.emit('action', record));
    this.#board = new SignalBoard(arena.handle.names, (notice) => listener.emit('signal', notice));
    this.#holds = new VmHolds(arena.vms, vms, teams, createReins(arena, devices, nowUs), nowUs);
    this.#periodUs = config.monitor.linkPollMs * 1000;
    const around: ChainSurroundings = {
      names: arena.handle.names,
      log: this.#log,
      power: {
        demandTeam: (team) => this.#holds.demandTeam(team),
        take: (power, holder, vm, wish) => this.#holds.take(power, holder, vm, wish),
        release: (power, holder, vm) => this.#holds.release(power, holder, vm),
        migrate: (vm) => parts.migrate(arena.vms.names[vm] ?? String(vm)),
      },
      respiteUs: Math.max(LEAST_RESPITE_US, this.#periodUs * RESPITE_LOOKS),
      nowUs,
      goesOn: (work) => this.#goesOn(work),
    };
    this.#hearings = config.signals.map((rule, i) => {
      const links = (composition.signals[i] ?? []).map((plan) => ({
        plan,
        responder: instantiate(plan.definition, plan.options, surroundings, plan.where),
      }));
      return { chain: new Chain(`signals[${i}]`, rule, links, around), source: this.#sourceOf(rule, parts), heard: [] };
    });
  }

  /** Looks what is the matter, as often as links are polled. Called by the runtime behind the NIC manager's poll. */
  poll(nowUs: number): void {
    if (this.#closed || this.#hearings.length === 0) return;
    const due = nowUs - this.#lookedUs >= this.#periodUs;
    if (due) this.#lookedUs = nowUs;
    for (const hearing of this.#hearings) {
      if (due || hearing.source.brief) hearing.heard = hearing.source.look(nowUs);
      hearing.chain.poll(hearing.heard, nowUs);
    }
    for (const work of this.#holds.poll(nowUs)) this.#goesOn(work.then(() => undefined));
  }

  #sourceOf(rule: ChainRule, parts: SignalParts): SignalSource {
    const { on, detectors } = rule;
    const own = detectors.length > 0 ? undefined : ownSourceOf(rule, parts);
    return detectedSource(this.#board, on, detectors, own);
  }

  /** What a detector of a forwarding loop has found; it stands until it judges again. Called by the runtime. */
  judged(worker: number, detector: number, signals: readonly Signal[]): void {
    if (!this.#closed) this.#board.judged(worker, detector, signals);
  }

  /** A forwarding worker watches no more. Called by the runtime. */
  silenced(worker: number): void {
    if (!this.#closed) this.#board.silenced(worker);
  }

  /**
   * What detectors find to be the matter now. Of signals of one kind about the same VM the most certain is first.
   *
   * @example
   * ```ts
   * for (const { kind, from, vm, confidence } of host.signals.heard()) console.log(kind, from, vm, confidence);
   * ```
   */
  heard(): readonly Signal[] {
    return this.#board.standing;
  }

  #goesOn(work: Promise<void>): void {
    const watched: Promise<void> = work
      .catch(() => undefined) // who does the work has told of it already
      .finally(() => void this.#goingOn.delete(watched));
    this.#goingOn.add(watched);
  }

  /** True while a signal of an attack stands. */
  get underAttack(): boolean {
    return this.#board.standing.some(({ kind }) => kind === 'attack');
  }

  /** The actions that stand now, the oldest first. */
  actions(): ActionRecord[] {
    return this.#log.standing;
  }

  /** Every action that stands, and the latest 1024 that ended or were withheld; the oldest first. */
  history(): ActionRecord[] {
    return this.#log.history;
  }

  /**
   * Takes an action back by hand. Its chain then leaves the VM alone until the signal is over.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_ACTION` when no such action stands.
   */
  async undo(id: number): Promise<void> {
    for (const { chain } of this.#hearings) {
      const undone = chain.undo(id);
      if (undone !== undefined) return undone;
    }
    throw unknownAction(id);
  }

  /**
   * Resolves when no responder is being asked and nothing is being undone. On the inline runtime responders have their
   * turn only while the caller waits: `host.run(1000); await host.signals.idle();`.
   */
  async idle(): Promise<void> {
    while (this.#goingOn.size > 0) await Promise.all(this.#goingOn);
  }

  /** Hears nothing more and takes back every action that stands. Called by the host. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#hearings.map(({ chain }) => chain.close()));
    await this.idle();
  }
}

/** What the host sees itself of what a chain answers; undefined: only detectors raise it. */
function ownSourceOf(rule: ChainRule, { arena, composition, teams }: SignalParts): SignalSource | undefined {
  const { nics, vms } = arena;
  const { config } = composition;
  switch (rule.on) {
    case 'failover':
      return failoverSource(
        nics,
        vms,
        teams,
        config.vms.flatMap(({ suspendOnFailover }, vm) => (suspendOnFailover ? [vm] : [])),
      );
    case 'nic-down':
      return nicDownSource(nics);
    case 'reservation-unmet':
      return unmetSource(vms);
    case 'backlog':
      return backlogSource(vms, arena.txRings, rule.backlog ?? defaultMarks(config.memory.txRingFrames));
    case 'attack':
      return undefined;
  }
}

/** Behind with half a ring, as a guest begins to feel it when the ring is full. */
function defaultMarks(txRingFrames: number) {
  return { frames: Math.max(1, txRingFrames >>> 1), lowFrames: 0 };
}
