import { TEAM_WORDS } from './layout.ts';

/** What a worker knows of a team. Sets of NICs are bit sets. */
const Word = {
  /** NICs that carry what the team's VMs send. */
  Serving: 0,
  /** The first of them, plus one; 0: none. */
  Preferred: 1,
  /** NICs whose inbound frames are for the team's VMs. */
  Receiving: 2,
  /** Of these, those whose broadcast and multicast frames are: one, unless the switch sends each frame once. */
  Group: 3,
} as const;

/** What is published of one team. */
export interface TeamSet {
  /** NIC numbers, the preferred one first. */
  readonly serving: readonly number[];
  /** Bit set of NICs. */
  readonly receiving: number;
  /** Bit set of NICs. */
  readonly group: number;
}

/**
 * The teams as the forwarding workers see them, in shared memory. Written by the control path, which afterwards writes
 * `threads.available`: that is what makes a worker look here again. A worker that reads while another change is under
 * way sees parts of both, and looks again at its next sweep; each part alone is safe to use.
 */
export class TeamSets {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer, byteOffset: number, teams: number) {
    this.#words = new Int32Array(memory, byteOffset, teams * TEAM_WORDS);
  }

  write(team: number, { serving, receiving, group }: TeamSet): void {
    const first = team * TEAM_WORDS;
    const mask = serving.reduce((set, nic) => set | (1 << nic), 0);
    Atomics.store(this.#words, first + Word.Preferred, serving[0] === undefined ? 0 : serving[0] + 1);
    Atomics.store(this.#words, first + Word.Receiving, receiving);
    Atomics.store(this.#words, first + Word.Group, group);
    Atomics.store(this.#words, first + Word.Serving, mask);
  }

  serving(team: number): number {
    return Atomics.load(this.#words, team * TEAM_WORDS + Word.Serving);
  }

  /** NIC number; -1 when none serves. */
  preferred(team: number): number {
    return Atomics.load(this.#words, team * TEAM_WORDS + Word.Preferred) - 1;
  }

  receiving(team: number): number {
    return Atomics.load(this.#words, team * TEAM_WORDS + Word.Receiving);
  }

  group(team: number): number {
    return Atomics.load(this.#words, team * TEAM_WORDS + Word.Group);
  }
}
