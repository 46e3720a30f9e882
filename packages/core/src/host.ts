import type { Clock, DeviceEmulator, FairleadError, Hypervisor, NicDriver } from '@fairlead/sdk';
import { SystemClock, SystemCostProbe, VirtualClock } from './clock.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { ClusterMember } from './cluster/member.ts';
import { clusterOf } from './cluster/of-host.ts';
import { ClusterHost } from './cluster-host.ts';
import type { HostConfig } from './config.ts';
import type { Drive } from './driven-host.ts';
import type { HostFault } from './host-events.ts';
import { HostFaults, hostStopped } from './host-faults.ts';
import type { HostParts } from './host-parts.ts';
import { hostState } from './host-state.ts';
import { HostFramePort } from './managers/host-frames.ts';
import { LinkMonitors, type MonitorFailed } from './managers/link-monitors.ts';
import { NicManager } from './managers/nic-manager.ts';
import { ResourceManager } from './managers/resource-manager.ts';
import { VmManager } from './managers/vm-manager.ts';
import { Arena, createArena } from './memory/arena.ts';
import type { PluginFault } from './path/plugin-failure.ts';
import type { Composition } from './plan.ts';
import { instantiate, type Surroundings } from './plugins/instantiate.ts';
import type { Served } from './policy-host.ts';
import { fillVmRows, shapeOf } from './rows.ts';
import { Devices } from './runtime/devices.ts';
import { Runtime } from './runtime/runtime.ts';
import { createHostDrivers, openDriver } from './runtime/stage.ts';
import type { ShadowReport } from './shadow/shadow-report.ts';
import { SignalManager } from './signals/signal-manager.ts';
import { Announcer } from './teams/announcer.ts';
import { TeamManager } from './teams/team-manager.ts';
import { teamPlans } from './teams/team-plan.ts';

/**
 * A host: the three managers, the virtual NICs and the forwarding loops as one unit. Made by `createHost()` or from a
 * checked configuration.
 *
 * @example
 * ```ts
 * import shapingFilter from '@fairlead/admission-shaping-filter';
 * import { createHost, type Host, use } from '@fairlead/core';
 * import memoryDevice from '@fairlead/device-emulator-memory';
 * import pendingLoad from '@fairlead/load-distribution-pending-load';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const host: Host = await createHost()
 *   .nic('uplink0', use(memoryNic))
 *   .nic('uplink1', use(memoryNic))
 *   .vm('web', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '400Mbps' } }))
 *   .admit(use(shapingFilter))
 *   .distribute(use(pendingLoad))
 *   .inline()
 *   .start();
 * host.on('nic', ({ nic, state }) => console.log(`${nic} is ${state}`));
 * host.run(50_000);
 * host.nics.setAdmin('uplink0', false);
 * host.run(50_000);
 * host.assertConserved(); // every frame is accounted for
 * await host.close();
 * ```
 */
export class Host extends ClusterHost {
  /** The configuration, with every default in place. */
  readonly config: HostConfig;
  /** The NICs: their state and counters; enabling and disabling them. */
  readonly nics: NicManager;
  /** The teams of NICs: their members and who serves. */
  readonly teams: TeamManager;
  /** What each VM is allocated and entitled to. */
  readonly resources: ResourceManager;
  /** The VMs: their state and counters; starting, suspending, migrating them. */
  readonly vms: VmManager;
  /** What is done about signals: the actions that stand, and undoing them. */
  readonly signals: SignalManager;
  /** The hosts beside this one, and the VMs that go there and come from there. */
  readonly cluster: Cluster;
  readonly #member: ClusterMember;
  readonly #arena: Arena;
  readonly #clock: Clock;
  readonly #devices: Devices;
  readonly #composition: Composition;
  readonly #hypervisor: Hypervisor | undefined;
  readonly #runtime: Runtime;
  readonly #surroundings: Surroundings;
  readonly #faults: HostFaults;
  #starting = false;
  #state: 'made' | 'running' | 'closed' = 'made';
  #closing: Promise<void> | undefined;
  /** Why the host has stopped itself. */
  #stopped: FairleadError | undefined;

  constructor(composition: Composition, { probe = new SystemCostProbe() }: HostParts = {}) {
    super();
    const { config } = composition;
    this.config = config;
    this.#composition = composition;
    const names = { nics: config.nics.map((nic) => nic.name), vms: config.vms.map((vm) => vm.name) };
    const handle = createArena(shapeOf(config), names);
    this.#faults = new HostFaults(names, (fault) => this.#tell(fault));
    this.#arena = new Arena(handle, config.runtime.workers);
    this.#clock = config.runtime.kind === 'inline' ? new VirtualClock() : new SystemClock();
    fillVmRows(this.#arena.vms, composition);
    this.#surroundings = {
      nics: this.#arena.nics,
      vms: this.#arena.vms,
      clock: this.#clock,
      seed: config.seed,
      probe,
      log: (level, plugin, message, fields) => this.emit('log', { level, plugin, message, fields }),
      moved: (plugin, move, leftOut) => this.teams.book.addOfPolicy(plugin, move, leftOut, this.#clock.nowUs()),
    };
    const drivers = createHostDrivers(this.#arena, composition, this.#surroundings);
    const hostFrames = new HostFramePort(this.#arena);
    const announcer = Announcer.of(config, this.#arena, hostFrames);
    this.teams = new TeamManager(this.#arena, teamPlans(config), announcer, (move) => this.emit('team', move));
    this.nics = new NicManager(this.#arena, drivers, config.monitor, this.teams, (nic, state, cause) => {
      this.resources.recompute();
      this.emit('nic', { nic: names.nics[nic] as string, state, cause });
    });
    const putAside: MonitorFailed = (name, hook, cause) => this.#faults.control({ name, fail: 'open' }, hook, cause);
    this.nics.monitors = LinkMonitors.of(composition, this.teams, hostFrames, this.#surroundings, putAside);
    this.resources = new ResourceManager(this.#arena.vms, this.nics, (unmet) => this.emit('reservation-unmet', unmet));
    this.#devices = new Devices(
      this.#arena,
      composition,
      this.#surroundings,
      (device, cause, { plugin, vms }, hook) => {
        this.emit('device', { device, message: cause instanceof Error ? cause.message : String(cause) });
        if (plugin.fail === 'stop') this.#faults.control(plugin, hook, cause, vms[0]);
      },
    );
    const { hypervisor } = composition;
    this.#hypervisor =
      hypervisor && instantiate(hypervisor.definition, hypervisor.options, this.#surroundings, hypervisor.where);
    this.vms = new VmManager(
      this.#arena.vms,
      this.#hypervisor,
      {
        setRunning: (vm, running) => this.#devices.setRunning(vm, running),
        changed: (vm, state) => {
          // While the VMs start, one division at the end serves for all of them.
          if (!this.#starting) this.resources.recompute();
          this.emit('vm', { vm: names.vms[vm] as string, state });
        },
      },
      hypervisor,
    );
    const { nics, teams, vms } = this;
    const shared = { arena: this.#arena, composition, surroundings: this.#surroundings };
    const migrate = async (vm: string) => void (await this.cluster.migrate(vm, { by: 'responder' }));
    this.signals = new SignalManager({ ...shared, teams, vms, migrate, devices: this.#devices }, this);
    const control = { devices: this.#devices, nics, signals: this.signals, hostFrames, host: this };
    const own = {
      host: this,
      announcer,
      devices: this.#devices,
      hypervisor: this.#hypervisor,
      runtime: () => this.#runtime,
    };
    this.#member = clusterOf({ ...shared, ...own });
    this.cluster = this.#member;
    this.#runtime = new Runtime(
      { ...shared, ...control, teams, cluster: this.#member, clock: this.#clock },
      {
        fault: (fault, worker) => this.#faults.path(fault, worker),
        driverFailed: (fault, worker, hung) => this.#driverFailed(fault, worker, hung),
        workerLost: (worker, cause) => this.emit('worker', { worker, cause }),
        log: this.#surroundings.log,
      },
    );
  }

  /**
   * Opens NICs and devices, starts the forwarding loops and then the VMs.
   * @throws FairleadError when something cannot be opened; everything that was is closed again.
   */
  async start(): Promise<this> {
    this.#demand('made', 'start');
    this.#state = 'running';
    try {
      await this.#runtime.start(() => this.#openControl());
      await this.#member.open();
      this.#starting = true;
      await this.#member.startAll(this.vms, this.config.vms);
      this.#starting = false;
      this.resources.recompute();
      if (this.#stopped !== undefined) throw this.#stopped;
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  async #openControl(): Promise<void> {
    for (const [i, plan] of this.#composition.nics.entries()) await openDriver(this.nics.drivers[i] as NicDriver, plan);
    await this.#devices.open();
    this.nics.refresh();
    this.resources.recompute();
  }

  #driverFailed(fault: PluginFault, worker: number, hung: boolean): void {
    this.nics.driverFailed(fault.vm, fault.brief, hung);
    this.#faults.path(fault, worker);
  }

  /** A plugin that has failed may be one without which the host is not to run: then it ends in order, and says why. */
  #tell(fault: HostFault): void {
    this.emit('fault', fault);
    if (fault.fail !== 'stop' || this.#stopped !== undefined || this.#state === 'closed') return;
    const error = hostStopped(fault);
    this.#stopped = error;
    this.#runtime.inline?.halt();
    // What runs now, as a sweep or the start of the VMs, has its end first.
    void Promise.resolve()
      .then(() => this.close())
      .then(() => this.emit('stopped', error));
  }

  #demand(state: 'made' | 'running', operation: string): void {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#state === state) return;
    throw hostState(`the host is ${this.#state}; it cannot ${operation}`);
  }

  protected override driveFor(operation: string): Drive {
    this.#demand('running', operation);
    const { inline } = this.#runtime;
    if (inline === undefined)
      throw hostState(`${operation} is for the inline runtime`, 'configure runtime: { kind: inline }');
    return inline;
  }

  /** The host's clock: virtual under the inline runtime. */
  get nowUs(): number {
    return this.#clock.nowUs();
  }

  /** The device emulator of a VM or shared port: what drives a simulated guest. */
  device<T extends DeviceEmulator = DeviceEmulator>(name: string): T {
    return this.#devices.emulator(name) as T;
  }

  /** What the shadows would have done, beside what was done; also when the host has been closed. */
  shadowReport(): ShadowReport {
    return this.#runtime.exchange?.report() ?? { version: 1, sections: [] };
  }

  protected override served(operation: string): Served {
    this.#demand('running', operation);
    const { exchange, desk } = this.#runtime;
    if (exchange === undefined || desk === undefined)
      throw hostState(`the host is being started; it cannot ${operation}`, 'wait for it');
    return { exchange, desk };
  }

  /** This thread's views of the shared memory: tables, rings and pool, for metrics and tests. */
  override get arena(): Arena {
    return this.#arena;
  }

  /**
   * Stops everything and gives back what was opened. Safe to call twice. A plugin that cannot close, or does not answer
   * in time, is told of as the event `fault`; the others are closed all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    await this.#member.close();
    await this.#runtime.stop();
    await this.signals.close();
    await this.nics.monitors?.close();
    await this.#devices.close();
    const { nics, hypervisor } = this.#composition;
    for (const [i, plan] of nics.entries()) await this.#faults.closing(plan, () => this.nics.drivers[i]?.close?.());
    if (hypervisor !== undefined) await this.#faults.closing(hypervisor, () => this.#hypervisor?.close?.());
  }
}
