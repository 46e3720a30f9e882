import type { AdmissionPolicy } from './admission-policy.ts';
import type { Detector } from './detector.ts';
import type { DeviceEmulator } from './device-emulator.ts';
import type { HostRegistry } from './host-registry.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { LinkMonitor } from './link-monitor.ts';
import type { LoadDistribution } from './load-distribution.ts';
import type { NicDriver } from './nic-driver.ts';
import type { Responder } from './responder.ts';

/**
 * Every extension point, by the name that a plugin's `kind` and a configuration use. Everything else derives from it.
 *
 * @example
 * ```ts
 * import { API_VERSIONS, type ExtensionPoints, type PluginKind, REQUIRED_HOOKS } from '@fairlead/sdk';
 *
 * // The hooks of an extension point that an instance lacks.
 * function missingHooks<K extends PluginKind>(kind: K, instance: Partial<ExtensionPoints[K]>): string[] {
 *   return REQUIRED_HOOKS[kind].filter((hook) => typeof instance[hook] !== 'function');
 * }
 * console.log(API_VERSIONS.admission, missingHooks('admission', {})); // 1 [ 'admit' ]
 * ```
 */
export interface ExtensionPoints {
  /** May this frame go now? */
  admission: AdmissionPolicy;
  /** Over which NIC? */
  'load-distribution': LoadDistribution;
  /** Is a NIC whose link is up fit to carry traffic? */
  'link-monitor': LinkMonitor;
  /** Does what passes by look like trouble? */
  detector: Detector;
  /** What is done about it? */
  responder: Responder;
  /** How do frames reach a physical NIC? */
  'nic-driver': NicDriver;
  /** How does a VM see its virtual NIC? */
  'device-emulator': DeviceEmulator;
  /** How is a VM suspended, resumed, throttled, migrated? */
  hypervisor: Hypervisor;
  /** Which other hosts exist, with what room? */
  'host-registry': HostRegistry;
}

/** The name of an extension point. */
export type PluginKind = keyof ExtensionPoints;

/** Version of each extension point that this sdk describes. It grows when the point changes incompatibly. */
export const API_VERSIONS: Readonly<Record<PluginKind, number>> = {
  admission: 1,
  'load-distribution': 1,
  'link-monitor': 1,
  detector: 1,
  responder: 1,
  'nic-driver': 1,
  'device-emulator': 1,
  hypervisor: 1,
  'host-registry': 1,
};

/** The hooks that an implementation must have; the host checks them before it uses an instance. */
export const REQUIRED_HOOKS: { readonly [K in PluginKind]: readonly (keyof ExtensionPoints[K] & string)[] } = {
  admission: ['admit'],
  'load-distribution': ['select'],
  'link-monitor': ['poll', 'verdict'],
  detector: ['observe', 'judge'],
  responder: ['respond'],
  'nic-driver': ['link', 'send', 'receive'],
  'device-emulator': ['poll'],
  hypervisor: ['start', 'suspend', 'resume', 'stop', 'migrate', 'throttle', 'status'],
  'host-registry': ['announce', 'hosts', 'claim', 'release'],
};
