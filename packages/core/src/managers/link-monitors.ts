import { createHash } from 'node:crypto';
import { type LinkMonitor, type LinkVerdict, type MemberPort, Members, type NicTable } from '@fairlead/sdk';
import type { Composition, PluginPlan } from '../plan.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import type { HostFramePort } from './host-frames.ts';

/** One monitor of one team. */
interface Watch {
  readonly name: string;
  readonly team: string;
  readonly monitor: LinkMonitor;
  dueUs: number;
}

/** Told of a monitor that threw and was put aside. */
export type MonitorFailed = (plugin: string, hook: string, cause: unknown) => void;

/**
 * The link monitors of all teams: polls them, hands them what arrives, and says what they think of a NIC. Whatever one
 * of them throws ends that one alone.
 */
export class LinkMonitors {
  readonly #nics: NicTable;
  readonly #teams: TeamManager;
  readonly #port: HostFramePort;
  readonly #failed: MonitorFailed;
  readonly #address: (nic: number) => Uint8Array;
  #watches: Watch[] = [];

  /** `host`: what no other host of the network has; the addresses of its NICs follow from it. */
  constructor(nics: NicTable, teams: TeamManager, port: HostFramePort, failed: MonitorFailed, host: string) {
    this.#address = hostAddresses(host);
    this.#nics = nics;
    this.#teams = teams;
    this.#port = port;
    this.#failed = failed;
  }

  /** Those that a host is configured with; undefined when there are none. */
  static of(
    { monitors, config }: Composition,
    teams: TeamManager,
    port: HostFramePort,
    surroundings: Surroundings,
    failed: MonitorFailed,
  ): LinkMonitors | undefined {
    if (monitors.every((plans) => plans.length === 0)) return undefined;
    const made = new LinkMonitors(surroundings.nics, teams, port, failed, identityOf(config));
    for (const [team, plans] of monitors.entries()) made.add(teams.names[team] as string, plans, surroundings);
    return made;
  }

  /** Makes a team's monitors. */
  add(team: string, plans: readonly PluginPlan<'link-monitor'>[], surroundings: Surroundings): void {
    for (const plan of plans) {
      const heard: { type: number; group: boolean }[] = [];
      const port = this.#memberPort(team, heard);
      const given = { token: Members, value: port };
      const monitor = instantiate(plan.definition, plan.options, surroundings, plan.where, given);
      const watch: Watch = { name: plan.name, team, monitor, dueUs: Number.NEGATIVE_INFINITY };
      this.#watches.push(watch);
      for (const { type, group } of heard) {
        this.#port.listen(type, group, (nic, frame, nowUs) => {
          if (port.members.includes(nic)) this.#guard(watch, 'receive', () => monitor.receive?.(nic, frame, nowUs));
        });
      }
    }
  }

  #memberPort(team: string, heard: { type: number; group: boolean }[]): MemberPort {
    const nics = this.#nics;
    const teams = this.#teams;
    return {
      team,
      get members() {
        return teams.membersOf(team);
      },
      address: this.#address,
      carrier: (nic) => nics.carrier[nic] === 1,
      speedBps: (nic) => nics.speedBps[nic],
      send: (nic, frame) => this.#port.send(nic, frame),
      listen: (type, group) => void heard.push({ type, group }),
    };
  }

  /** Polls the monitors that are due. */
  poll(nowUs: number): void {
    for (const watch of this.#watches) {
      if (nowUs < watch.dueUs) continue;
      watch.dueUs = Number.POSITIVE_INFINITY;
      this.#guard(watch, 'poll', () => {
        watch.dueUs = watch.monitor.poll(nowUs);
      });
    }
  }

  /** What is wrong with a NIC, as `monitor: why`; undefined when no monitor says that it is down. */
  complaint(nic: number): string | undefined {
    for (const watch of this.#watches) {
      if (!this.#teams.membersOf(watch.team).includes(nic)) continue;
      let complaint: string | undefined;
      this.#guard(watch, 'verdict', () => {
        if (watch.monitor.verdict(nic) !== 'down') return;
        complaint = `${watch.name}: ${watch.monitor.explain?.(nic) ?? 'down'}`;
      });
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  }

  /** What every monitor of a NIC thinks of it, for people. */
  verdicts(nic: number): { monitor: string; verdict: LinkVerdict; why: string }[] {
    const found: { monitor: string; verdict: LinkVerdict; why: string }[] = [];
    for (const watch of this.#watches) {
      if (!this.#teams.membersOf(watch.team).includes(nic)) continue;
      this.#guard(watch, 'verdict', () => {
        found.push({
          monitor: watch.name,
          verdict: watch.monitor.verdict(nic),
          why: watch.monitor.explain?.(nic) ?? '',
        });
      });
    }
    return found;
  }

  #guard(watch: Watch, hook: string, call: () => void): void {
    try {
      call();
    } catch (cause) {
      this.#watches = this.#watches.filter((other) => other !== watch);
      this.#failed(watch.name, hook, cause);
    }
  }

  async close(): Promise<void> {
    for (const { name, monitor } of this.#watches) {
      try {
        await monitor.close?.();
      } catch (cause) {
        this.#failed(name, 'close', cause);
      }
    }
  }
}

/** What tells a host from its neighbours: the addresses of its VMs, which no other one may have, and its name. */
function identityOf({ name = '', vms }: Composition['config']): string {
  return [name, ...vms.map(({ mac }) => mac.toLowerCase())].join(' ');
}

/**
 * Locally administered addresses (IEEE 802-2014 §8.4), the same for a NIC at every start: four bytes of the host, one of the
 * NIC. Two hosts of a network with one address would pull each other's answers to the wrong place.
 */
function hostAddresses(host: string): (nic: number) => Uint8Array {
  const of = createHash('sha256').update(host).digest();
  return (nic) => Uint8Array.of(0x02, of[0] as number, of[1] as number, of[2] as number, of[3] as number, nic);
}
