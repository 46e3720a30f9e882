import type { LinkMonitor, LinkVerdict, MemberPort, Static } from '@fairlead/sdk';
import { definePlugin, FairleadError, inject, Members, Milliseconds, Options, Type } from '@fairlead/sdk';
import { Aggregator } from './aggregator.ts';
import { LacpPort, type LacpRules, type MuxState, type ReceiveState } from './lacp-port.ts';
import { decodeLacpdu, encodeLacpdu, SLOW_PROTOCOLS_TYPE } from './lacpdu.ts';

/** Options of LACP. */
export const lacpOptions = Type.Object(
  {
    mode: Type.Union([Type.Literal('active'), Type.Literal('passive')], {
      default: 'active',
      description: 'active: speaks first; passive: answers a partner that does.',
    }),
    rate: Type.Union([Type.Literal('slow'), Type.Literal('fast')], {
      default: 'slow',
      description: 'How often the partner is asked to speak: every 30 s or every second; three times that is too long.',
    }),
    fallback: Type.Boolean({
      default: false,
      description: 'Whether NICs carry traffic while no partner speaks LACP, or are down.',
    }),
    system: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$',
        description: "MAC address that stands for this host; the host's own address otherwise.",
      }),
    ),
    systemPriority: Type.Integer({ default: 32_768, minimum: 0, maximum: 65_535, description: 'Lower decides.' }),
    key: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 65_535,
      description: 'What sets this team apart from others.',
    }),
    portPriority: Type.Integer({ default: 32_768, minimum: 0, maximum: 65_535, description: 'Lower goes first.' }),
    fastPeriodicMs: Milliseconds({ default: 1000, minimum: 100, maximum: 30_000, description: 'Fast_Periodic_Time.' }),
    slowPeriodicMs: Milliseconds({
      default: 30_000,
      minimum: 100,
      maximum: 900_000,
      description: 'Slow_Periodic_Time.',
    }),
    aggregateWaitMs: Milliseconds({ default: 2000, maximum: 60_000, description: 'Aggregate_Wait_Time.' }),
  },
  { additionalProperties: false },
);

/**
 * What LACP has come to on one NIC.
 *
 * @example
 * ```ts
 * import type { LacpStatus } from '@fairlead/link-monitor-lacp';
 *
 * const agreed = ({ receive, mux }: LacpStatus): boolean => receive === 'current' && mux === 'distributing';
 * ```
 */
export interface LacpStatus {
  /** Whether a partner is heard. */
  readonly receive: ReceiveState;
  /** Whether the port carries traffic. */
  readonly mux: MuxState;
  /** System of the partner, twelve hexadecimal digits; zeros when there is none. */
  readonly partner: string;
}

/** Links are looked at so often, whatever else is due. */
const LINK_US = 100_000;

/**
 * The Link Aggregation Control Protocol (IEEE 802.1AX): agrees with the switch on which NICs carry traffic together. A
 * NIC is up when it is in sync, collecting and distributing, and down otherwise.
 *
 * @example
 * ```ts
 * import lacp, { type LacpMonitor } from '@fairlead/link-monitor-lacp';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const monitor = createInstance(lacp, { rate: 'fast' }) as LacpMonitor;
 * console.log(monitor.status(0)); // undefined: nobody has looked at the link yet
 * ```
 */
export class LacpMonitor implements LinkMonitor {
  readonly #members: MemberPort;
  readonly #fallback: boolean;
  readonly #rules: LacpRules;
  readonly #aggregator: Aggregator;
  readonly #ports = new Map<number, LacpPort>();

  /** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` when `system` is a group address. */
  constructor(@inject(Members) members: MemberPort, @inject(Options) options: Static<typeof lacpOptions>) {
    this.#members = members;
    this.#fallback = options.fallback;
    const system = options.system?.replaceAll(':', '') ?? Buffer.from(members.address(0)).toString('hex');
    if ((Number.parseInt(system.slice(0, 2), 16) & 1) !== 0) {
      throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', 'a group address stands for no host', {
        where: 'link monitor lacp, option system',
        mend: 'give an address whose first byte is even',
      });
    }
    this.#rules = {
      systemPriority: options.systemPriority,
      system: system.toLowerCase(),
      key: options.key,
      portPriority: options.portPriority,
      active: options.mode === 'active',
      fast: options.rate === 'fast',
      fastPeriodicUs: options.fastPeriodicMs * 1000,
      slowPeriodicUs: options.slowPeriodicMs * 1000,
      aggregateWaitUs: options.aggregateWaitMs * 1000,
    };
    this.#aggregator = new Aggregator(this.#rules.system);
    members.listen(SLOW_PROTOCOLS_TYPE, true);
  }

  poll(nowUs: number): number {
    const { members } = this.#members;
    for (const nic of this.#ports.keys()) if (!members.includes(nic)) this.#ports.delete(nic);
    for (const nic of members) {
      let port = this.#ports.get(nic);
      if (port === undefined) {
        port = new LacpPort(this.#rules, nic + 1); // no port has the number 0
        this.#ports.set(nic, port);
      }
      port.setLink(this.#members.carrier(nic), nowUs);
      port.tick(nowUs);
    }
    this.#goOn(nowUs);
    return Math.max(nowUs, Math.min(nowUs + LINK_US, ...[...this.#ports.values()].map(({ dueUs }) => dueUs)));
  }

  receive(nic: number, frame: Uint8Array, nowUs: number): undefined {
    const port = this.#ports.get(nic);
    const pdu = port && decodeLacpdu(frame);
    if (port === undefined || pdu === undefined) return;
    port.hear(pdu, nowUs);
    this.#goOn(nowUs);
  }

  #goOn(nowUs: number): void {
    const selected = this.#aggregator.select(this.#ports);
    for (const [nic, port] of this.#ports) {
      port.go(selected.has(port), nowUs);
      port.transmit(nowUs, (pdu) => this.#members.send(nic, encodeLacpdu(this.#members.address(nic), pdu)));
    }
  }

  verdict(nic: number): LinkVerdict {
    const port = this.#ports.get(nic);
    if (port === undefined || port.receiving === 'disabled') return 'unknown';
    if (port.mux === 'distributing') return 'up';
    if (!this.#fallback) return 'down';
    if (port.receiving === 'defaulted') return 'up';
    return port.hasHeard ? 'down' : 'unknown';
  }

  explain(nic: number): string {
    const port = this.#ports.get(nic);
    if (port === undefined || port.receiving === 'disabled') return 'it has no link, or is no member';
    if (port.receiving === 'defaulted') return 'no partner speaks LACP';
    if (!port.hasHeard) return 'no LACPDU yet';
    const partner = `partner ${port.partner.system}, key ${port.partner.key}, port ${port.partner.port}`;
    if (port.receiving === 'expired') return `${partner} is silent`;
    if (port.partner.system === this.#rules.system) return 'it hears itself';
    if (port.mux === 'detached') return `${partner} is another one than the other NICs have`;
    return `${partner}: ${port.mux === 'attached' ? 'not in sync' : port.mux}`;
  }

  /** What LACP has come to on a NIC; undefined for one that is no member. */
  status(nic: number): LacpStatus | undefined {
    const port = this.#ports.get(nic);
    return port && { receive: port.receiving, mux: port.mux, partner: port.partner.system };
  }
}

/**
 * The plugin: `monitors: [{ use: lacp }]`.
 *
 * @example
 * ```ts
 * import lacp from '@fairlead/link-monitor-lacp';
 * import { createInstance, TestMembers } from '@fairlead/sdk/testing';
 *
 * const monitor = createInstance(lacp, { rate: 'fast' }, { members: new TestMembers([0, 1]) });
 * const againUs = monitor.poll(0);
 * ```
 */
export default definePlugin({
  kind: 'link-monitor',
  name: 'lacp',
  apiVersion: 1,
  options: lacpOptions,
  implementation: LacpMonitor,
  module: import.meta.url,
});
