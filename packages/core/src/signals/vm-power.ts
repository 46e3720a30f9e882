/** What a responder may ask of a VM until it lets go, by power. */
export interface Wishes {
  readonly suspend: true;
  /** Fraction of its CPU time, above 0 and at most 1. */
  readonly throttle: number;
  /** Microseconds that what it receives waits. */
  readonly delay: number;
  /** bit/s that it receives at most. */
  readonly inbound: number;
  /** bit/s that it sends at most. */
  readonly outbound: number;
  /** Name of the team of NICs that carries its frames. */
  readonly team: string;
}

/** The name of a power. */
export type Power = keyof Wishes;

/** What a responder may have done to VMs. */
export interface VmPower {
  /** @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_TEAM` */
  demandTeam(team: string): void;
  /**
   * Notes what one holder asks of a VM, in place of what it asked before, and has it done as far as no other holder asks
   * for more. A holder lets go again also when this rejects: a late hypervisor may have done it.
   */
  take<P extends Power>(power: P, holder: object, vm: number, wish: Wishes[P]): Promise<void>;
  /** Lets go; what other holders ask is restored. Says what went wrong, which is then tried again. */
  release(power: Power, holder: object, vm: number): Promise<string | undefined>;
  /** Moves a VM to the host that has room for it. */
  migrate(vm: number): Promise<void>;
}

/** Looks at what is asked and does nothing: for a chain that only says what it would do. */
export function dryRun(power: VmPower): VmPower {
  return {
    demandTeam: (team) => power.demandTeam(team),
    take: async () => undefined,
    release: async () => undefined,
    migrate: async () => undefined,
  };
}
