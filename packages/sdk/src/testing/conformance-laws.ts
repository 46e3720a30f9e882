import type { Static } from '@sinclair/typebox';
import { FairleadError } from '../errors.ts';
import type { OptionsSchema, Written } from '../options.ts';
import type { PluginDefinition } from '../plugin.ts';
import type { PluginKind } from '../points/map.ts';
import { type AdmissionGiven, admissionKit } from './kits/admission.ts';
import { detectorKit } from './kits/detector.ts';
import { type DeviceEmulatorGiven, deviceEmulatorKit } from './kits/device-emulator.ts';
import { type HostRegistryGiven, hostRegistryKit } from './kits/host-registry.ts';
import { type HypervisorGiven, hypervisorKit } from './kits/hypervisor.ts';
import type { Law } from './kits/law.ts';
import { type LinkMonitorGiven, linkMonitorKit } from './kits/link-monitor.ts';
import { loadDistributionKit } from './kits/load-distribution.ts';
import { type NicDriverGiven, nicDriverKit } from './kits/nic-driver.ts';
import { responderKit } from './kits/responder.ts';

/**
 * What an author gives a kit beside the plugin; a kind that wants more extends it in `GivenByKind`.
 *
 * @example
 * ```ts
 * import roundRobin from '@fairlead/load-distribution-round-robin';
 * import { type ConformanceGiven, conformanceLaws } from '@fairlead/sdk/testing';
 *
 * const given: ConformanceGiven = { options: [{ weighted: true }] };
 * for (const { name, check } of conformanceLaws(roundRobin, given)) {
 *   await check();
 *   console.log(`holds: ${name}`);
 * }
 * ```
 */
export interface ConformanceGiven {
  /** Options to try beside the defaults and the bounds of the schema, as they would stand in a configuration. */
  readonly options?: readonly object[];
}

/**
 * What the kit of each kind may be given.
 *
 * @example
 * ```ts
 * import type { GivenByKind } from '@fairlead/sdk/testing';
 *
 * const given: GivenByKind['load-distribution'] = { options: [{ weighted: true }] };
 * ```
 */
export interface GivenByKind extends Record<PluginKind, ConformanceGiven> {
  /** More for an admission policy: whether it has limits of its own. */
  admission: AdmissionGiven;
  /** More for a NIC driver: the network behind its NIC. */
  'nic-driver': NicDriverGiven;
  /** More for a device emulator: the guest behind its virtual NIC. */
  'device-emulator': DeviceEmulatorGiven;
  /** More for a hypervisor: its VMs, and where they may go. */
  hypervisor: HypervisorGiven;
  /** More for a host registry: what several hosts share. */
  'host-registry': HostRegistryGiven;
  /** More for a link monitor: the network beyond its NICs. */
  'link-monitor': LinkMonitorGiven;
}

type Kit<K extends PluginKind> = (plugin: PluginDefinition<K>, given: GivenByKind[K]) => readonly Law[];

/** The kit of each kind that has one; its file is `kits/<kind>.ts`. */
const KITS: { readonly [K in PluginKind]?: Kit<K> } = {
  admission: admissionKit,
  'load-distribution': loadDistributionKit,
  detector: detectorKit,
  responder: responderKit,
  'nic-driver': nicDriverKit,
  'device-emulator': deviceEmulatorKit,
  hypervisor: hypervisorKit,
  'host-registry': hostRegistryKit,
  'link-monitor': linkMonitorKit,
};

/**
 * The kinds that have a kit.
 *
 * @example
 * ```ts
 * import { CONFORMANCE_KINDS } from '@fairlead/sdk/testing';
 *
 * console.log(CONFORMANCE_KINDS.includes('admission')); // true
 * ```
 */
export const CONFORMANCE_KINDS = Object.keys(KITS) as readonly PluginKind[];

/** The options that a plugin takes, as an author writes them. */
type GivenFor<K extends PluginKind, S extends OptionsSchema> = Omit<GivenByKind[K], 'options'> & {
  readonly options?: readonly Written<Static<S>>[];
};

/**
 * The laws of the plugin's extension point, to be tried on this plugin: one test for each.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_KIND` for a kind that has no laws.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { definePlugin, Type } from '@fairlead/sdk';
 * import { conformanceLaws } from '@fairlead/sdk/testing';
 *
 * const plugin = definePlugin({
 *   kind: 'admission',
 *   name: 'admit-all',
 *   apiVersion: 1,
 *   options: Type.Object({}, { additionalProperties: false }),
 *   implementation: class {
 *     admit(): undefined {}
 *   },
 * });
 * for (const { name, check } of conformanceLaws(plugin)) test(`admit-all ${name}`, () => check());
 * ```
 */
export function conformanceLaws<K extends PluginKind, S extends OptionsSchema>(
  plugin: PluginDefinition<K, S>,
  given: GivenFor<K, S> = {} as GivenFor<K, S>,
): readonly Law[] {
  const kit: Kit<K> | undefined = KITS[plugin.kind];
  if (kit !== undefined) return kit(plugin as unknown as PluginDefinition<K>, given as GivenByKind[K]);
  throw new FairleadError('FAIRLEAD_ERR_PLUGIN_KIND', `there are no laws for the kind "${plugin.kind}"`, {
    where: `plugin ${plugin.name}`,
    mend: `use a plugin of the kinds ${CONFORMANCE_KINDS.join(', ')}`,
  });
}
