import { fileURLToPath } from 'node:url';
import type { PluginDefinition, PluginKind } from '@fairlead/sdk';
import type {
  ChainOf,
  MoreOfChain,
  MoreOfDetector,
  MoreOfNic,
  MoreOfPolicy,
  MoreOfRegistry,
  MoreOfVm,
  Section,
  TeamMembers,
} from './builder-parts.ts';
import { composeHost } from './compose.ts';
import type { WrittenHostConfig } from './config.ts';
import { Host } from './host.ts';
import type { PolicySection } from './shadow/shadow-report.ts';
import type { DistributionPreset } from './teams/presets.ts';
import type { Used } from './used.ts';

/**
 * Composes a host in code, step by step. Nothing happens before `build` or `start`.
 *
 * @example
 * ```ts
 * import shapingFilter from '@fairlead/admission-shaping-filter';
 * import { createHost, use } from '@fairlead/core';
 * import memoryDevice from '@fairlead/device-emulator-memory';
 * import pendingLoad from '@fairlead/load-distribution-pending-load';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const builder = createHost()
 *   .nic('uplink0', use(memoryNic, { speedBps: '1Gbps' }))
 *   .nic('uplink1', use(memoryNic, { speedBps: '10Gbps' }))
 *   .vm('web', '52:54:00:00:00:01', use(memoryDevice), { bandwidth: { limitBps: '200Mbps' } })
 *   .admit(use(shapingFilter))
 *   .distribute(use(pendingLoad));
 * console.log(JSON.stringify(builder.written)); // what a configuration file would say
 * const host = await builder.start();
 * ```
 */
export class HostBuilder {
  readonly #definitions = new Map<string, PluginDefinition>();
  readonly #nics: unknown[] = [];
  readonly #vms: unknown[] = [];
  readonly #ports: unknown[] = [];
  readonly #teams: unknown[] = [];
  readonly #detectors: unknown[] = [];
  readonly #signals: unknown[] = [];
  readonly #sections: Record<string, unknown> = {};
  readonly #shadows = new Map<PolicySection, unknown>();

  #place(used: Used<PluginKind>): { use: string; options: object } {
    const { kind, name } = used.definition;
    this.#definitions.set(`${kind}/${name}`, used.definition);
    return { use: name, options: used.options };
  }

  /** A physical NIC, with its driver. */
  nic(name: string, driver: Used<'nic-driver'>, more: MoreOfNic = {}): this {
    this.#nics.push({ name, driver: this.#place(driver), ...more });
    return this;
  }

  /** A VM with a virtual NIC of its own, or behind the shared port that `more.port` names. */
  vm(name: string, mac: string, device: Used<'device-emulator'> | undefined, more: MoreOfVm = {}): this {
    this.#vms.push({ name, mac, ...(device === undefined ? {} : { device: this.#place(device) }), ...more });
    return this;
  }

  /**
   * NICs that stand for one another, in failover order. Without any team, all NICs are one by their roles.
   *
   * @example
   * ```ts
   * builder.team('uplinks', { active: ['uplink0', 'uplink1'], standby: ['uplink2'], holdDownMs: '5s' });
   * ```
   */
  team(name: string, { monitors = [], ...team }: TeamMembers): this {
    this.#teams.push({ name, ...team, monitors: monitors.map((monitor) => this.#place(monitor)) });
    return this;
  }

  /** A virtual NIC with several VMs behind it. */
  port(name: string, device: Used<'device-emulator'>): this {
    this.#ports.push({ name, device: this.#place(device) });
    return this;
  }

  /**
   * The admission policy, and what happens when it fails.
   *
   * @example
   * ```ts
   * import shapingFilter from '@fairlead/admission-shaping-filter';
   * import { createHost, use } from '@fairlead/core';
   *
   * const builder = createHost().admit(use(shapingFilter), { fail: 'closed', budget: { batchUs: 50 } });
   * ```
   */
  admit(policy: Used<'admission'>, more: MoreOfPolicy<'admission'> = {}): this {
    return this.#policy('admission', policy, more);
  }

  /**
   * The load distribution, and what happens when it fails.
   *
   * @example
   * ```ts
   * import { createHost, use } from '@fairlead/core';
   * import pendingLoad from '@fairlead/load-distribution-pending-load';
   * import roundRobin from '@fairlead/load-distribution-round-robin';
   *
   * const builder = createHost().distribute(use(pendingLoad), { fallback: use(roundRobin) });
   * const known = createHost().distribute('balance-slb'); // a name that operators know: load-rebalance with options
   * ```
   */
  distribute(
    policy: Used<'load-distribution'> | DistributionPreset,
    more: MoreOfPolicy<'load-distribution'> = {},
  ): this {
    return this.#policy('distribution', policy, more);
  }

  #policy<K extends PluginKind>(
    section: string,
    policy: Used<K> | DistributionPreset,
    { fallback, ...more }: MoreOfPolicy<K>,
  ): this {
    this.#sections[section] = {
      ...(typeof policy === 'string' ? { use: policy } : this.#place(policy)),
      ...(fallback === undefined ? {} : { fallback: this.#place(fallback) }),
      ...more,
    };
    return this;
  }

  /**
   * A policy that is asked the same as the one of its kind that decides, without any effect; `host.shadowReport()`
   * compares the two.
   *
   * @example
   * ```ts
   * import { createHost, use } from '@fairlead/core';
   * import pendingLoad from '@fairlead/load-distribution-pending-load';
   * import roundRobin from '@fairlead/load-distribution-round-robin';
   *
   * const builder = createHost().distribute(use(roundRobin)).shadow(use(pendingLoad));
   * ```
   */
  shadow(policy: Used<'admission'> | Used<'load-distribution'>): this {
    const section = policy.definition.kind === 'admission' ? 'admission' : 'distribution';
    this.#shadows.set(section, this.#place(policy as Used<PluginKind>));
    return this;
  }

  /**
   * A detector, which watches the frames of all VMs and raises signals.
   *
   * @example
   * ```ts
   * import { createHost, use } from '@fairlead/core';
   * import type { PluginDefinition } from '@fairlead/sdk';
   *
   * const watched = (by: PluginDefinition<'detector'>) => createHost().detect(use(by), { windowMs: '200ms' });
   * ```
   */
  detect(detector: Used<'detector'>, more: MoreOfDetector = {}): this {
    this.#detectors.push({ ...this.#place(detector), ...more });
    return this;
  }

  /** How much of the traffic the detectors are shown: slices of time, once a worker is busy. */
  observe(observe: Section<'observe'>): this {
    this.#sections['observe'] = observe;
    return this;
  }

  /** Who suspends, resumes and migrates the VMs; without one they only start and stop. */
  hypervisor(hypervisor: Used<'hypervisor'>): this {
    this.#sections['hypervisor'] = this.#place(hypervisor);
    return this;
  }

  /** The registry by which hosts know each other, and this one's name among them. */
  registry(name: string, registry: Used<'host-registry'>, more: MoreOfRegistry = {}): this {
    Object.assign(this.#sections, { name, registry: { ...this.#place(registry), ...more } });
    return this;
  }

  /** How VMs go to other hosts: so many at once, cool-down, time. */
  migration(migration: Section<'migration'>): this {
    this.#sections['migration'] = migration;
    return this;
  }

  /**
   * What is done about signals of one kind: a chain of responders, in the order of escalation.
   *
   * @example
   * ```ts
   * import { createHost, use } from '@fairlead/core';
   * import suspend from '@fairlead/responder-suspend';
   *
   * const builder = createHost().onSignal('backlog', [use(suspend)], { forMs: '1s', ttlMs: '10s' });
   * ```
   */
  onSignal(on: ChainOf['on'], responders: readonly Used<'responder'>[], more: MoreOfChain = {}): this {
    this.#signals.push({ on, responders: responders.map((responder) => this.#place(responder)), ...more });
    return this;
  }

  /** Threads and batches: `kind`, `workers`, `batchFrames`, `stallMs`. */
  runtime(runtime: Section<'runtime'>): this {
    this.#sections['runtime'] = runtime;
    return this;
  }

  /** The inline runtime: the whole host in this thread, on a virtual clock that `host.run` moves. */
  inline(seed = 1): this {
    this.#sections['runtime'] = { ...(this.#sections['runtime'] as object), kind: 'inline' };
    this.#sections['seed'] = seed;
    return this;
  }

  /** Sizes of the shared memory: frame slots and rings. */
  memory(memory: Section<'memory'>): this {
    this.#sections['memory'] = memory;
    return this;
  }

  /** What is held against the guests, as port security. */
  security(security: Section<'security'>): this {
    this.#sections['security'] = security;
    return this;
  }

  /** How VMs are announced when their frames go over another NIC. */
  announce(announce: Section<'announce'>): this {
    this.#sections['announce'] = announce;
    return this;
  }

  /** How links are watched: polling and delays, in milliseconds. */
  monitor(monitor: Section<'monitor'>): this {
    this.#sections['monitor'] = monitor;
    return this;
  }

  /** What has been written so far, in the shape of a configuration file. */
  get written(): WrittenHostConfig {
    const all = { ports: this.#ports, teams: this.#teams, detectors: this.#detectors, signals: this.#signals };
    const lists = Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
    const shadowed = [...this.#shadows].map(([section, shadow]) => [
      section,
      { ...(this.#sections[section] as object | undefined), shadow },
    ]);
    const sections = { ...this.#sections, ...Object.fromEntries(shadowed) };
    return { nics: this.#nics, vms: this.#vms, ...lists, ...sections } as WrittenHostConfig;
  }

  /** Checks what has been written and makes the host, without starting it. */
  async build(): Promise<Host> {
    const [, main] = process.argv;
    const bases = [process.cwd(), ...(main === undefined ? [] : [main]), fileURLToPath(import.meta.url)];
    return new Host(await composeHost(this.written, { definitions: this.#definitions, bases }));
  }

  /** Checks what has been written, makes the host and starts it. */
  async start(): Promise<Host> {
    return (await this.build()).start();
  }
}

/**
 * Begins the composition of a host.
 *
 * @example
 * ```ts
 * import shapingFilter from '@fairlead/admission-shaping-filter';
 * import { createHost, use } from '@fairlead/core';
 * import memoryDevice from '@fairlead/device-emulator-memory';
 * import pendingLoad from '@fairlead/load-distribution-pending-load';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const host = await createHost()
 *   .nic('uplink0', use(memoryNic, { speedBps: '1Gbps' }))
 *   .vm('web', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '100Mbps' } }))
 *   .admit(use(shapingFilter))
 *   .distribute(use(pendingLoad))
 *   .inline()
 *   .start();
 * host.run(100_000); // a tenth of a second of virtual time
 * await host.close();
 * ```
 */
export function createHost(): HostBuilder {
  return new HostBuilder();
}
