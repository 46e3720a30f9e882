import { EventEmitter } from 'node:events';
import { type Clock, type DeviceEmulator, type Hypervisor, type NicDriver } from '@fairlead/sdk';
import { afterRealTime, SystemClock, VirtualClock } from './clock.ts';
import type { HostConfig } from './config.ts';
import { type Account, accounts, assertConserved } from './conservation.ts';
import type { HostEvents } from './host-events.ts';
import { hostState } from './host-state.ts';
import { HostFramePort } from './managers/host-frames.ts';
import { NicManager } from './managers/nic-manager.ts';
import { ResourceManager } from './managers/resource-manager.ts';
import { VmManager } from './managers/vm-manager.ts';
import { Arena, createArena } from './memory/arena.ts';
import type { Composition } from './plan.ts';
import { instantiate, type Surroundings } from './plugins/instantiate.ts';
import { fillVmRows, shapeOf } from './rows.ts';
import { DeviceLoop } from './runtime/device-loop.ts';
import { Devices } from './runtime/devices.ts';
import { InlineRuntime } from './runtime/inline.ts';
import { createHostDrivers, openDriver } from './runtime/stage.ts';
import { WorkersRuntime } from './runtime/workers.ts';
import type { PolicySection, ShadowReport } from './shadow/shadow-report.ts';
import { type GivenPolicy, PolicyExchange, type SwapNotice, type SwapOptions } from './succession/exchange.ts';
import { createInlineLoop } from './succession/inline-loop.ts';
import type { KIND_OF } from './succession/order.ts';
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
export class Host extends EventEmitter<HostEvents> {
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
  readonly #arena: Arena;
  readonly #clock: Clock;
  readonly #devices: Devices;
  readonly #hostFrames: HostFramePort;
  readonly #composition: Composition;
  readonly #hypervisor: Hypervisor | undefined;
  #inline: InlineRuntime | undefined;
  #workers: WorkersRuntime | undefined;
  #deviceLoop: DeviceLoop | undefined;
  #exchange: PolicyExchange | undefined;
  readonly #surroundings: Surroundings;
  #starting = false;
  #state: 'made' | 'running' | 'closed' = 'made';

  constructor(composition: Composition) {
    super();
    const { config } = composition;
    this.config = config;
    this.#composition = composition;
    const names = { nics: config.nics.map((nic) => nic.name), vms: config.vms.map((vm) => vm.name) };
    const handle = createArena(shapeOf(config), names);
    const inline = config.runtime.kind === 'inline';
    this.#arena = new Arena(handle, config.runtime.workers);
    this.#clock = inline ? new VirtualClock() : new SystemClock();
    fillVmRows(this.#arena.vms, composition);
    this.#surroundings = {
      nics: this.#arena.nics,
      vms: this.#arena.vms,
      clock: this.#clock,
      seed: config.seed,
      log: (level, plugin, message, fields) => this.emit('log', { level, plugin, message, fields }),
    };
    const drivers = createHostDrivers(this.#arena, composition, this.#surroundings);
    this.#hostFrames = new HostFramePort(this.#arena);
    const announcer = Announcer.of(config, this.#arena, this.#hostFrames);
    this.teams = new TeamManager(this.#arena, teamPlans(config), announcer, (move) => this.emit('team', move));
    this.nics = new NicManager(this.#arena, drivers, config.monitor, this.teams, (nic, state, cause) => {
      this.resources.recompute();
      this.emit('nic', { nic: names.nics[nic] as string, state, cause });
    });
    this.resources = new ResourceManager(this.#arena.vms, this.nics, (unmet) => this.emit('reservation-unmet', unmet));
    this.#devices = new Devices(this.#arena, composition, this.#surroundings, (device, cause) =>
      this.emit('device', { device, message: cause instanceof Error ? cause.message : String(cause) }),
    );
    const { hypervisor } = composition;
    this.#hypervisor =
      hypervisor && instantiate(hypervisor.definition, hypervisor.options, this.#surroundings, hypervisor.where);
    this.vms = new VmManager(this.#arena.vms, this.#hypervisor, {
      setRunning: (vm, running) => this.#devices.setRunning(vm, running),
      changed: (vm, state) => {
        // While the VMs start, one division at the end serves for all of them.
        if (!this.#starting) this.resources.recompute();
        this.emit('vm', { vm: names.vms[vm] as string, state });
      },
    });
  }

  /**
   * Opens NICs and devices, starts the forwarding loops and then the VMs.
   * @throws FairleadError when something cannot be opened; everything that was is closed again.
   */
  async start(): Promise<this> {
    this.#demand('made', 'start');
    this.#state = 'running';
    try {
      if (this.config.runtime.kind === 'inline') await this.#startInline();
      else await this.#startWorkers();
      this.#starting = true;
      await this.vms.startAll(this.config.vms.flatMap((vm, i) => (vm.start ? [i] : [])));
      this.#starting = false;
      this.resources.recompute();
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

  async #startInline(): Promise<void> {
    await this.#openControl();
    const loop = createInlineLoop(this.#arena.handle, this.#composition, this.nics.drivers, this.#surroundings, {
      fault: ({ plugin, hook, vm, fallback, error }) => this.#fault(plugin, hook, vm, fallback, error.message),
      driverFailed: (nic, hook, cause) => this.nics.driverFailed(nic, `${hook}() threw: ${String(cause)}`),
      shadowFailed: this.#shadowFailed,
    });
    const inline = new InlineRuntime(
      this.#clock as VirtualClock,
      this.#devices,
      this.nics,
      this.#hostFrames,
      loop.forwarder,
    );
    this.#inline = inline;
    this.#exchange = new PolicyExchange(this.#composition, loop, inline.after.bind(inline), this);
    await this.#exchange.setConfigured();
  }

  async #startWorkers(): Promise<void> {
    const workers = new WorkersRuntime(
      this.#arena,
      this.#composition,
      {
        fault: (plugin, hook, vm, fallback, message) => this.#fault(plugin, hook, vm, fallback, message),
        driverFailed: (nic, cause, hung) => this.nics.driverFailed(nic, cause, hung),
        workerLost: (worker, cause) => this.emit('worker', { worker, cause }),
        log: (level, plugin, message, fields) => this.emit('log', { level, plugin, message, fields }),
        shadowFailed: this.#shadowFailed,
      },
      () => this.#devices.flush(),
    );
    this.#workers = workers;
    this.#exchange = new PolicyExchange(this.#composition, workers, afterRealTime, this);
    await this.#openControl();
    await workers.start();
    await this.#exchange.setConfigured();
    this.#deviceLoop = new DeviceLoop(
      this.#arena,
      this.#devices,
      this.nics,
      this.#hostFrames,
      this.#clock,
      this.config.monitor.linkPollMs,
    );
    this.#deviceLoop.start();
  }

  readonly #shadowFailed = (section: PolicySection, shadow: string, message: string): void =>
    this.#exchange?.shadowFailed(section, shadow, message);

  #fault(plugin: string, hook: string, vm: number, fallback: string, message: string): void {
    this.#exchange?.faulted(hook === 'select' ? 'distribution' : 'admission', fallback);
    this.emit('fault', { plugin, hook, vm: this.config.vms[vm]?.name ?? String(vm), fallback, message });
  }

  #demand(state: 'made' | 'running', operation: string): void {
    if (this.#state === state) return;
    throw hostState(`the host is ${this.#state}; it cannot ${operation}`);
  }

  #inlineRuntime(operation: string): InlineRuntime {
    this.#demand('running', operation);
    if (this.#inline === undefined)
      throw hostState(`${operation} is for the inline runtime`, 'configure runtime: { kind: inline }');
    return this.#inline;
  }

  /** Inline runtime: one pass at the present virtual time. Returns how much was done. */
  pass(): number {
    return this.#inlineRuntime('pass').pass();
  }

  /** Inline runtime: moves the virtual clock by `forUs` microseconds, in steps of at most `stepUs` while busy. */
  run(forUs: number, stepUs?: number): void {
    this.#inlineRuntime('run').run(forUs, stepUs);
  }

  /** The host's clock: virtual under the inline runtime. */
  get nowUs(): number {
    return this.#clock.nowUs();
  }

  /** The device emulator of a VM or shared port: what drives a simulated guest. */
  device<T extends DeviceEmulator = DeviceEmulator>(name: string): T {
    return this.#devices.emulator(name) as T;
  }

  /**
   * Puts another policy into a place while the host runs: another version, other options, another plugin. Nothing changes
   * unless every forwarding loop could make it; then it is handed its predecessor's state (`Lifecycle`) and decides, from
   * one batch to the next. If it fails within `probationMs` (10,000), its predecessor returns. Inline: between two passes.
   * @throws FairleadError with what is wrong with the plugin or its options, or `FAIRLEAD_ERR_SWAP`.
   * @example
   * ```ts
   * import { use } from '@fairlead/core';
   * import pendingLoad from '@fairlead/load-distribution-pending-load';
   *
   * await host.swap('distribution', use(pendingLoad, { grainBytes: '4KiB' }), { probationMs: 30_000 });
   * ```
   */
  swap<S extends PolicySection>(
    section: S,
    policy: GivenPolicy<(typeof KIND_OF)[S]>,
    options?: SwapOptions,
  ): Promise<SwapNotice> {
    return this.#policyExchange('swap').swap(section, policy, options);
  }

  /**
   * Has another policy asked the same as the one that decides, and compares what they say; without a policy the shadow
   * is taken away. A shadow reads and writes copies alone; one that throws, hangs or answers wrongly is put aside.
   * @throws FairleadError as `swap` does.
   * @example
   * ```ts
   * import { use } from '@fairlead/core';
   * import roundRobin from '@fairlead/load-distribution-round-robin';
   *
   * await host.shadow('distribution', use(roundRobin));
   * ```
   */
  shadow<S extends PolicySection>(section: S, policy: GivenPolicy<(typeof KIND_OF)[S]> | undefined): Promise<void> {
    return this.#policyExchange('shadow').shadow(section, policy);
  }

  /** What the shadows would have done, beside what was done; also when the host has been closed. */
  shadowReport(): ShadowReport {
    return this.#exchange?.report() ?? { version: 1, sections: [] };
  }

  /** Names of the plugins that decide now. */
  get policies(): Readonly<Record<PolicySection, string>> {
    return this.#policyExchange('say who decides').serving;
  }

  #policyExchange(operation: string): PolicyExchange {
    this.#demand('running', operation);
    if (this.#exchange === undefined)
      throw hostState(`the host is being started; it cannot ${operation}`, 'wait for it');
    return this.#exchange;
  }

  /** The conservation law, per VM and NIC. */
  accounts(): Account[] {
    return accounts(this.#arena);
  }

  /**
   * Checks the conservation law; exact when the host is quiet or inline.
   * @throws FairleadError `FAIRLEAD_ERR_CONSERVATION`
   */
  assertConserved(): void {
    assertConserved(this.#arena);
  }

  /** This thread's views of the shared memory: tables, rings and pool, for metrics and tests. */
  get arena(): Arena {
    return this.#arena;
  }

  /** Stops everything and gives back what was opened. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#exchange?.close();
    this.#deviceLoop?.stop();
    await this.#workers?.stop();
    this.#inline?.close();
    await this.#devices.close();
    for (const driver of this.nics.drivers) await driver.close?.();
    await this.#hypervisor?.close?.();
  }
}
