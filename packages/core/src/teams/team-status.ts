/**
 * Other NICs carry a team's frames, or one VM's, or a part of them that load distribution has moved; or another NIC is
 * first. NICs by name, the first one first.
 */
export interface TeamMove {
  /** When, in microseconds of the host's clock. */
  readonly atUs: number;
  /** Name of the team. */
  readonly team: string;
  /** Name of the VM, when it was moved alone; undefined: the whole team. */
  readonly vm?: string | undefined;
  /** What of the team or VM has moved, as `bucket 17` or `43 buckets`; undefined: all of it. */
  readonly what?: string | undefined;
  /** The load distribution that has moved it; undefined: the host itself. */
  readonly policy?: string | undefined;
  /** Moves of that load distribution before this one that were too many to be written down. */
  readonly leftOut?: number | undefined;
  /** Names of the NICs that served before. */
  readonly from: readonly string[];
  /** Names of the NICs that serve now. */
  readonly to: readonly string[];
  /** Why, in words. */
  readonly cause: string;
}

/** What a person asks about a team. NICs by name. */
export interface TeamStatus {
  /** Name of the team. */
  readonly name: string;
  /** Names of its active members. */
  readonly active: readonly string[];
  /** Names of its standby members. */
  readonly standby: readonly string[];
  /** Names of members that never serve. */
  readonly unused: readonly string[];
  /** NICs that carry its VMs' frames now, the current one first. */
  readonly serving: readonly string[];
  /** Name of the NIC that is preferred now. */
  readonly current: string | undefined;
  /** Usable members that do not serve: standby, on hold, or in reserve. */
  readonly waiting: readonly string[];
  /** Name of the NIC that is preferred when it is up. */
  readonly primary: string | undefined;
  /** The team whose NICs serve in its place now. */
  readonly servedBy: string | undefined;
  /** Names of the VMs that use the team. */
  readonly vms: readonly string[];
}
