import type { Signal } from '@fairlead/sdk';
import type { RowNames } from '../memory/arena.ts';
import { targetOf } from './case.ts';

/**
 * A signal began, or is over.
 *
 * @example
 * ```ts
 * import type { Host, SignalNotice } from '@fairlead/core';
 *
 * function watch(watched: Host): void {
 *   const line = ({ state, signal, vm }: SignalNotice) => `${signal.kind} ${state}: ${vm}, said by ${signal.from}`;
 *   watched.on('signal', (notice) => console.log(line(notice), notice.signal.evidence));
 * }
 * ```
 */
export interface SignalNotice {
  /** `began`, or `over`. */
  readonly state: 'began' | 'over';
  /** The signal, with its evidence: as it was first, or as it was last. */
  readonly signal: Signal;
  /** Name of the VM that it is about; empty when it is about none. */
  readonly vm: string;
  /** Name of the NIC that it is about; empty when it is about none. */
  readonly nic: string;
}

/** What the detectors of all forwarding loops find to be the matter, as each of them has judged last. */
export class SignalBoard {
  readonly #names: RowNames;
  readonly #tell: (notice: SignalNotice) => void;
  /** By worker and detector. */
  readonly #judged = new Map<string, readonly Signal[]>();
  #standing: readonly Signal[] = [];
  #known = new Map<string, Signal>();

  constructor(names: RowNames, tell: (notice: SignalNotice) => void) {
    this.#names = names;
    this.#tell = tell;
  }

  /** Everything that stands; of what is of one kind and about the same, the most certain first. */
  get standing(): readonly Signal[] {
    return this.#standing;
  }

  /** What stands of one kind, said by one of `detectors` (by anybody when empty): of each matter the most certain. */
  heard(kind: Signal['kind'], detectors: readonly string[]): readonly Signal[] {
    if (this.#standing.length === 0) return this.#standing;
    const heard = new Map<number, Signal>();
    for (const signal of this.#standing) {
      if (signal.kind !== kind) continue;
      if (detectors.length > 0 && !detectors.includes(signal.from ?? '')) continue;
      if (!heard.has(targetOf(signal))) heard.set(targetOf(signal), signal);
    }
    return [...heard.values()];
  }

  /** A detector of a worker has judged: what it said before holds no longer. None: all of it is over. */
  judged(worker: number, detector: number, signals: readonly Signal[]): void {
    const from = `${worker}/${detector}`;
    if (signals.length === 0) this.#judged.delete(from);
    else this.#judged.set(from, signals);
    this.#standing = [...this.#judged.values()].flat().sort(byMatter);
    const before = this.#known;
    this.#known = new Map(
      [...this.#judged].flatMap(([by, said]) => said.map((signal) => [matterOf(by, signal), signal] as const)),
    );
    for (const [matter, signal] of this.#known) if (!before.has(matter)) this.#notify('began', signal);
    for (const [matter, signal] of before) if (!this.#known.has(matter)) this.#notify('over', signal);
  }

  /** What the detectors of a worker said is over. */
  silenced(worker: number): void {
    for (const by of [...this.#judged.keys()]) {
      const [of, detector] = by.split('/').map(Number);
      if (of === worker) this.judged(worker, detector as number, []);
    }
  }

  #notify(state: SignalNotice['state'], signal: Signal): void {
    const { vms, nics } = this.#names;
    const { vm = -1, nic = -1 } = signal;
    this.#tell({ state, signal, vm: vms[vm] ?? '', nic: nics[nic] ?? '' });
  }
}

const matterOf = (by: string, signal: Signal): string => `${by} ${signal.kind} ${targetOf(signal)}`;

function byMatter(a: Signal, b: Signal): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return targetOf(a) - targetOf(b) || b.confidence - a.confidence;
}
