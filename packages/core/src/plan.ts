import type { PluginDefinition, PluginKind } from '@fairlead/sdk';
import type { Budget, FailureMode, HostConfig } from './config.ts';
import type { ComposeOptions } from './plugins/plan-loader.ts';

/** A plugin with its validated options: all that a thread needs to make an instance. */
export interface PluginPlan<K extends PluginKind = PluginKind> {
  /** Its extension point. */
  readonly kind: K;
  /** Its name, for people. */
  readonly name: string;
  /** The name that operators know it by, when it was written so; see `DISTRIBUTION_PRESETS`. */
  readonly preset?: string;
  /** Module to load it from in another thread; empty when it is known to this thread alone. */
  readonly module: string;
  /** Its options, checked, with defaults in place. */
  readonly options: unknown;
  /** Path in the configuration, for errors. */
  readonly where: string;
  /** What its module exports. */
  readonly definition: PluginDefinition<K>;
  /** What its failure means; a policy's is that of its place. */
  readonly fail: FailureMode;
  /** What it may use before it counts as failed. */
  readonly budget: Budget;
}

/** A policy, those behind it in its place, and what its failure means. */
export interface PolicyPlan<K extends PluginKind> {
  /** The policy and its fallback, in order; empty when none is configured. */
  readonly chain: readonly PluginPlan<K>[];
  /** What its failure means for the traffic. */
  readonly fail: FailureMode;
  /** What it may use. */
  readonly budget: Budget;
}

/** A detector, and how often it judges. */
export interface DetectorPlan extends PluginPlan<'detector'> {
  /** Time from one judgement to the next, in milliseconds. */
  readonly windowMs: number;
}

/** One virtual NIC and the VMs behind it. */
export interface DevicePlan {
  /** Name of the VM or of the shared port. */
  readonly name: string;
  /** True when several VMs may be behind it. */
  readonly shared: boolean;
  /** Numbers of the VMs behind it. */
  readonly vms: readonly number[];
  /** Its device emulator. */
  readonly plugin: PluginPlan<'device-emulator'>;
}

/**
 * A checked configuration with its plugins: what a host is built from.
 *
 * @example
 * ```ts
 * import type { Composition, DetectorPlan, DevicePlan, PluginPlan, PolicyPlan } from '@fairlead/core';
 * import { composeHost } from '@fairlead/core';
 *
 * const composition: Composition = await composeHost(
 *   { nics: [{ name: 'uplink0', driver: { use: 'memory' } }], vms: [{ name: 'web', mac: '52:54:00:00:00:01' }] },
 *   { bases: [process.cwd()] },
 * );
 * const lineOf = ({ kind, name }: PluginPlan) => `${kind} ${name}`;
 * const policy: PolicyPlan<'admission'> = composition.admission;
 * const behind = ({ name, vms }: DevicePlan) => `${name}: ${vms.length} VMs`;
 * const watcher = ({ name, windowMs }: DetectorPlan) => `${name} judges every ${windowMs} ms`;
 * console.log(composition.detectors.map(watcher));
 * console.log(composition.nics.map(lineOf), policy.fail, composition.devices.map(behind));
 * ```
 */
export interface Composition {
  /** The configuration, with every default in place. */
  readonly config: HostConfig;
  /** Drivers, by NIC number. */
  readonly nics: readonly PluginPlan<'nic-driver'>[];
  /** Virtual NICs. */
  readonly devices: readonly DevicePlan[];
  /** Who admits. */
  readonly admission: PolicyPlan<'admission'>;
  /** Who distributes. */
  readonly distribution: PolicyPlan<'load-distribution'>;
  /** Who watches the frames of the VMs. */
  readonly detectors: readonly DetectorPlan[];
  /** The link monitors of each team, in the order of the teams. */
  readonly monitors: readonly (readonly PluginPlan<'link-monitor'>[])[];
  /** The responders of each chain, in the order of `config.signals`. */
  readonly signals: readonly (readonly PluginPlan<'responder'>[])[];
  /** What controls the VMs; undefined: nothing does. */
  readonly hypervisor: PluginPlan<'hypervisor'> | undefined;
  /** What hosts know each other by; undefined: this one is alone. */
  readonly registry: PluginPlan<'host-registry'> | undefined;
  /** Policies that are asked beside those that decide. */
  readonly shadows: {
    readonly admission?: PluginPlan<'admission'> | undefined;
    readonly distribution?: PluginPlan<'load-distribution'> | undefined;
  };
  /** Where its plugins came from, and later ones come from. */
  readonly sources: ComposeOptions;
}
