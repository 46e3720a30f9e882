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
  #watches: Watch[] = [];

  constructor(nics: NicTable, teams: TeamManager, port: HostFramePort, failed: MonitorFailed) {
    this.#nics = nics;
    this.#teams = teams;
    this.#port = port;
    this.#failed = failed;
  }

  /** Those that a host is configured with; undefined when there are none. */
  static of(
    { monitors }: Composition,
    teams: TeamManager,
    port: HostFramePort,
    surroundings: Surroundings,
    failed: MonitorFailed,
  ): LinkMonitors | undefined {
    if (monitors.every((plans) => plans.length === 0)) return undefined;
    const made = new LinkMonitors(surroundings.nics, teams, port, failed);
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
      address: hostAddress,
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

/** A locally administered address (IEEE 802-2014 §8.4), the same for a NIC at every start. */
function hostAddress(nic: number): Uint8Array {
  return Uint8Array.from([0x02, 0xfa, 0x1e, 0xad, 0x00, nic]);
}
