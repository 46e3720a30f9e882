/**
 * When the member that carries a team's traffic first gives way to a better one: at once (`always`), only to a faster
 * one (`better`), or never before it fails (`failure`). As `primary_reselect` of the Linux bonding driver.
 */
export type Reselect = 'always' | 'better' | 'failure';

/** What an operator wants of a team. NICs are given by number. */
export interface TeamRules {
  /** Name of the team. */
  readonly name: string;
  /** Members that serve together, in failover order. */
  readonly active: readonly number[];
  /** Members that take the place of a failed active one, in failover order. */
  readonly standby: readonly number[];
  /** With fewer members serving the team counts as down. */
  readonly minLinks: number;
  /** Whether a member that comes back takes its place again, or waits until another one fails. */
  readonly failback: boolean;
  /** How long a member that came back has to stay up before it serves again, in microseconds. */
  readonly holdDownUs: number;
  /** The member that is preferred to all others; undefined: none is. */
  readonly primary: number | undefined;
  /** When a NIC that has returned serves again. */
  readonly reselect: Reselect;
  /** By NIC number, higher is preferred while the primary is down; absent: 0. */
  readonly priority: ReadonlyMap<number, number>;
}

/** What a team asks about its members. */
export interface Members {
  /** May carry traffic now, as far as the link monitor knows. */
  usable(nic: number): boolean;
  speedBps(nic: number): number;
}

/** A team as the host is configured with it; NICs by number, the target by its place in the list. */
export interface TeamPlan extends TeamRules {
  /** NICs that never serve. */
  readonly unused: readonly number[];
  /** Team whose NICs serve while this one is down. */
  readonly failover: number | undefined;
  /** Whether every member's broadcast and multicast frames are delivered. */
  readonly receivesFromAll: boolean;
}
