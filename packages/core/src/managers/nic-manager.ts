import { FairleadError, type LinkStatus, type NicDriver, NicState, type NicTable } from '@fairlead/sdk';
import type { HostConfig } from '../config.ts';
import type { Arena } from '../memory/arena.ts';
import { NicTotals } from '../memory/nic-view.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import type { LinkMonitors } from './link-monitors.ts';

/** What a person asks about a NIC. */
export interface NicStatus {
  /** Name of the NIC. */
  readonly name: string;
  /** NIC number, the row in `NicTable`. */
  readonly index: number;
  /** Link and administration together; only a NIC that is up may be selected. */
  readonly state: 'up' | 'down';
  /** Role in its team. */
  readonly role: 'active' | 'standby' | 'unused';
  /** True while the driver reports a link. */
  readonly carrier: boolean;
  /** False when it was disabled by hand. */
  readonly admin: boolean;
  /** May be selected now. */
  readonly available: boolean;
  /** True while its frames are moved to another NIC. */
  readonly failover: boolean;
  /** Link speed in bit/s. */
  readonly speedBps: number;
  /** Bytes in its transmit queues, of all workers. */
  readonly pendingBytes: number;
  /** Frames of the host's own that the NIC has taken: announcements, beacons, probes. Not part of `txFrames`. */
  readonly hostFrames: number;
  /** Frames of VMs that the NIC has taken. */
  readonly txFrames: number;
  /** Bytes of these. */
  readonly txBytes: number;
  /** Frames received. */
  readonly rxFrames: number;
  /** Bytes received. */
  readonly rxBytes: number;
}

/** Told of every change of a NIC's state. */
export type NicChange = (nic: number, state: 'up' | 'down', cause: string) => void;

const ROLE_NAMES = ['active', 'standby', 'unused'] as const;

/**
 * Knows the physical NICs: asks their drivers for the link, debounces it, and tells the teams which NICs are up. Frames
 * queued on a NIC that no longer serves are taken back by the forwarding workers as soon as they see the new set.
 *
 * @example
 * ```ts
 * import type { Host, NicManager, NicStatus } from '@fairlead/core';
 *
 * function table(host: Host): string[] {
 *   const nics: NicManager = host.nics;
 *   const line = ({ name, state, txBytes }: NicStatus) => `${name} ${state} ${txBytes} bytes`;
 *   return nics.list().map(line);
 * }
 * ```
 */
export class NicManager {
  readonly #arena: Arena;
  readonly #table: NicTable;
  readonly #totals: NicTotals;
  /** One per NIC, on this thread: it reports the link, and under the inline runtime moves the frames too. */
  readonly drivers: readonly NicDriver[];
  readonly #monitor: HostConfig['monitor'];
  readonly #teams: TeamManager;
  readonly #changed: NicChange;
  /** What the link monitors have against a NIC, since the last poll. */
  readonly #complaints: (string | undefined)[];
  /** Asked at every poll of the links; undefined when no team has link monitors. */
  monitors: LinkMonitors | undefined;
  /** Since when the driver has reported a link other than `carrier`; Infinity when it agrees. */
  readonly #differsSinceUs: Float64Array;
  /** A driver that failed keeps its NIC down until an operator enables it again. */
  readonly #broken: (string | undefined)[];
  readonly #hung = new Set<number>();
  #lastPollUs = Number.NEGATIVE_INFINITY;
  #nowUs = 0;

  constructor(
    arena: Arena,
    drivers: readonly NicDriver[],
    monitor: HostConfig['monitor'],
    teams: TeamManager,
    changed: NicChange,
  ) {
    this.#arena = arena;
    this.#table = arena.nics;
    this.#totals = new NicTotals(arena.handle.memory, arena.layout);
    this.drivers = drivers;
    this.#monitor = monitor;
    this.#teams = teams;
    this.#changed = changed;
    this.#differsSinceUs = new Float64Array(drivers.length).fill(Number.POSITIVE_INFINITY);
    this.#broken = drivers.map(() => undefined);
    this.#complaints = drivers.map(() => undefined);
    this.#table.admin.fill(1);
  }

  /** Takes the links as they are now, without delay: once the drivers are open. */
  refresh(): void {
    for (let nic = 0; nic < this.drivers.length; nic++) {
      const link = this.#askLink(nic);
      if (link === undefined) continue;
      this.#table.carrier[nic] = link.up ? 1 : 0;
      this.#table.speedBps[nic] = link.speedBps;
      this.#table.state[nic] = link.up && this.#table.admin[nic] === 1 ? NicState.Up : NicState.Down;
    }
    this.#teams.settle(this.#nowUs, 'start');
  }

  /** Asks every driver for its link, if it is time to. Called by the runtime. */
  poll(nowUs: number): void {
    this.#nowUs = nowUs;
    this.#endFailovers();
    this.#teams.poll(nowUs);
    if (nowUs - this.#lastPollUs < this.#monitor.linkPollMs * 1000) return;
    this.#lastPollUs = nowUs;
    for (let nic = 0; nic < this.drivers.length; nic++) this.#watch(nic, nowUs);
    if (this.monitors !== undefined) this.#heed(this.monitors, nowUs);
  }

  /** Follows what the link monitors think. */
  #heed(monitors: LinkMonitors, nowUs: number): void {
    monitors.poll(nowUs);
    for (let nic = 0; nic < this.drivers.length; nic++) {
      const complaint = monitors.complaint(nic);
      const changed = (complaint === undefined) !== (this.#complaints[nic] === undefined);
      this.#complaints[nic] = complaint;
      if (changed) this.#settle(nic, complaint ?? 'link monitors find it well again');
    }
  }

  #watch(nic: number, nowUs: number): void {
    const link = this.#askLink(nic);
    if (link === undefined) return;
    if (link.speedBps !== this.#table.speedBps[nic]) {
      this.#table.speedBps[nic] = link.speedBps;
      if (link.up && this.#table.state[nic] === NicState.Up) this.#changed(nic, 'up', 'link speed changed');
    }
    const up = link.up ? 1 : 0;
    if (up === this.#table.carrier[nic]) {
      this.#differsSinceUs[nic] = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#differsSinceUs[nic] === Number.POSITIVE_INFINITY) this.#differsSinceUs[nic] = nowUs;
    const delayMs = up === 1 ? this.#monitor.upDelayMs : this.#monitor.downDelayMs;
    // Without another NIC to use in the meantime a delay would only make an outage longer, or hide one.
    if (nowUs - this.#differsSinceUs[nic] < delayMs * 1000 && this.#teams.hasOther(nic)) return;
    this.#differsSinceUs[nic] = Number.POSITIVE_INFINITY;
    this.#table.carrier[nic] = up;
    this.#settle(nic, up === 1 ? 'link up' : 'link down');
  }

  /** The link as its driver tells it; a driver that cannot has failed. */
  #askLink(nic: number): LinkStatus | undefined {
    try {
      return (this.drivers[nic] as NicDriver).link();
    } catch (cause) {
      this.driverFailed(nic, `link() threw: ${cause instanceof Error ? cause.message : String(cause)}`);
      return undefined;
    }
  }

  /**
   * Takes a NIC out of service, or puts it back; as an operator does. A driver that has thrown is tried again.
   * @throws FairleadError `FAIRLEAD_ERR_HOST_STATE` for a NIC whose driver hung: its thread is gone, and so is it.
   */
  setAdmin(name: string, up: boolean): void {
    const nic = this.index(name);
    if (up && this.#hung.has(nic)) {
      throw new FairleadError('FAIRLEAD_ERR_HOST_STATE', `the driver of NIC "${name}" hung and is gone`, {
        where: `nics[${nic}].driver`,
        mend: 'mend the driver and start the host again',
      });
    }
    this.#table.admin[nic] = up ? 1 : 0;
    if (up) this.#broken[nic] = undefined;
    this.#settle(nic, up ? 'enabled by the operator' : 'disabled by the operator');
  }

  /** A driver threw, or hung: its NIC is down until it is enabled again, or for good. Called by the runtime. */
  driverFailed(nic: number, cause: string, hung = false): void {
    this.#broken[nic] = cause;
    if (hung) this.#hung.add(nic);
    this.#settle(nic, cause);
  }

  #settle(nic: number, cause: string): void {
    const wanted = this.#table.admin[nic] === 1 && this.#table.carrier[nic] === 1;
    const up = wanted && this.#broken[nic] === undefined && this.#complaints[nic] === undefined;
    const state = up ? NicState.Up : NicState.Down;
    if (state === this.#table.state[nic]) return;
    this.#table.state[nic] = state;
    this.#teams.settle(this.#nowUs, `${this.#table.names[nic]}: ${cause}`);
    this.#changed(nic, up ? 'up' : 'down', cause);
  }

  /**
   * Why a NIC may not carry traffic, in words: disabled, a driver that failed, no link, or what a link monitor has
   * against it; undefined while it may.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_NIC`
   */
  whyDown(name: string): string | undefined {
    const nic = this.index(name);
    if (this.#table.admin[nic] === 0) return 'disabled by the operator';
    const broken = this.#broken[nic];
    if (broken !== undefined) return `its driver failed: ${broken}`;
    return this.#table.carrier[nic] === 0 ? 'no link' : this.#complaints[nic];
  }

  /** A failover is over when nothing waits on the failed NIC's queues any more. */
  #endFailovers(): void {
    for (let nic = 0; nic < this.drivers.length; nic++) {
      if (this.#table.failover[nic] === 1 && this.#totals.read('pendingFrames', nic) === 0)
        this.#table.failover[nic] = 0;
    }
  }

  /**
   * The number of a NIC.
   *
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_NIC`
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_NIC` for a name that no NIC has.
   */
  index(name: string): number {
    const nic = this.#table.names.indexOf(name);
    if (nic >= 0) return nic;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_NIC', `there is no NIC "${name}"`, {
      mend: `use one of: ${this.#table.names.join(', ')}`,
    });
  }

  /** Bandwidth of the NICs that may be selected now, in bit/s. */
  get capacityBps(): number {
    let capacity = 0;
    for (let nic = 0; nic < this.drivers.length; nic++) {
      if ((this.#arena.threads.available >>> nic) & 1) capacity += this.#table.speedBps[nic];
    }
    return capacity;
  }

  /** How a NIC is now. */
  status(name: string): NicStatus {
    const index = this.index(name);
    const table = this.#table;
    const total = (column: 'pendingBytes' | 'hostFrames' | 'txFrames' | 'txBytes' | 'rxFrames' | 'rxBytes') =>
      this.#totals.read(column, index);
    return {
      name,
      index,
      state: table.state[index] === NicState.Up ? 'up' : 'down',
      role: ROLE_NAMES[table.role[index]] ?? 'unused',
      carrier: table.carrier[index] === 1,
      admin: table.admin[index] === 1,
      available: ((this.#arena.threads.available >>> index) & 1) === 1,
      failover: table.failover[index] === 1,
      speedBps: table.speedBps[index],
      pendingBytes: total('pendingBytes'),
      hostFrames: total('hostFrames'),
      txFrames: total('txFrames'),
      txBytes: total('txBytes'),
      rxFrames: total('rxFrames'),
      rxBytes: total('rxBytes'),
    };
  }

  /** How every NIC is now, by NIC number. */
  list(): NicStatus[] {
    return this.#table.names.map((name) => this.status(name));
  }

  /** The driver instance of a NIC on this thread. */
  driver<T extends NicDriver = NicDriver>(name: string): T {
    return this.drivers[this.index(name)] as T;
  }
}
