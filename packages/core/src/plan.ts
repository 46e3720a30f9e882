import type { PluginDefinition, PluginKind } from '@fairlead/sdk';
import type { Budget, FailureMode, HostConfig } from './config.ts';
import type { ComposeOptions } from './plugins/plan-loader.ts';

/** A plugin with its validated options: all that a thread needs to make an instance. */
export interface PluginPlan<K extends PluginKind = PluginKind> {
  readonly kind: K;
  readonly name: string;
  /** Module to load it from in another thread; empty when it is known to this thread alone. */
  readonly module: string;
  readonly options: unknown;
  /** Path in the configuration, for errors. */
  readonly where: string;
  readonly definition: PluginDefinition<K>;
}

/** A policy, those behind it in its place, and what its failure means. */
export interface PolicyPlan<K extends PluginKind> {
  /** The policy and its fallback, in order; empty when none is configured. */
  readonly chain: readonly PluginPlan<K>[];
  readonly fail: FailureMode;
  readonly budget: Budget;
}

/** One virtual NIC and the VMs behind it. */
export interface DevicePlan {
  readonly name: string;
  readonly shared: boolean;
  readonly vms: readonly number[];
  readonly plugin: PluginPlan<'device-emulator'>;
}

/** A checked configuration with its plugins: what a host is built from. */
export interface Composition {
  readonly config: HostConfig;
  readonly nics: readonly PluginPlan<'nic-driver'>[];
  readonly devices: readonly DevicePlan[];
  readonly admission: PolicyPlan<'admission'>;
  readonly distribution: PolicyPlan<'load-distribution'>;
  readonly hypervisor: PluginPlan<'hypervisor'> | undefined;
  /** Policies that are asked beside those that decide. */
  readonly shadows: {
    readonly admission?: PluginPlan<'admission'> | undefined;
    readonly distribution?: PluginPlan<'load-distribution'> | undefined;
  };
  /** Where its plugins came from, and later ones come from. */
  readonly sources: ComposeOptions;
}
