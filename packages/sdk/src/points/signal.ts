/** What a signal says is the matter. */
export type SignalKind = 'attack' | 'backlog' | 'failover' | 'nic-down' | 'reservation-unmet';

/** A sign of trouble, raised by a detector or by the host itself and answered by a chain of responders. */
export interface Signal {
  /** What is the matter. */
  readonly kind: SignalKind;
  /** Name of the detector that raised it; the host writes it. Absent for what the host has seen itself. */
  readonly from?: string;
  /** VM number that is concerned; absent when the signal is about a NIC or the whole host. */
  readonly vm?: number;
  /** NIC number that is concerned. */
  readonly nic?: number;
  /** When it was noticed, in microseconds of the host's clock. */
  readonly atUs: number;
  /** How sure: 0 (a suspicion) to 1. */
  readonly confidence: number;
  /** The measurements that led to it, for the record and for people. */
  readonly evidence: Readonly<Record<string, number | string>>;
}

/** Something done about a signal. It is undone when `expiresAtUs` comes, or by hand before. */
export interface Action {
  /** What was done, in a word: `suspend`, `migrate`. Never empty. */
  readonly name: string;
  /** VM number that it was done to. */
  readonly vm?: number;
  /** NIC number that it was done to. */
  readonly nic?: number;
  /**
   * When it is undone by itself, in microseconds of the host's clock: after `context.nowUs`, and no later than
   * `context.ttlMs` after it.
   */
  readonly expiresAtUs: number;
  /** Why, in words for the record. Never empty. */
  readonly reason: string;
  /** What was considered and not done, and why. */
  readonly rejected: readonly string[];
  /**
   * Takes the action back, at expiry or by hand. When both come together it is called twice, and the second call does
   * nothing. Resolves also when the VM or NIC is gone.
   */
  undo(): Promise<void>;
}
