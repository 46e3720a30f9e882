import type { AdmissionPolicy } from './admission-policy.ts';
import type { Detector } from './detector.ts';
import type { DeviceEmulator } from './device-emulator.ts';
import type { HostRegistry } from './host-registry.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { LoadDistribution } from './load-distribution.ts';
import type { NicDriver } from './nic-driver.ts';
import type { Responder } from './responder.ts';

/** Every extension point, by the name that a plugin's `kind` and a configuration use. Everything else derives from it. */
export interface ExtensionPoints {
  admission: AdmissionPolicy;
  'load-distribution': LoadDistribution;
  detector: Detector;
  responder: Responder;
  'nic-driver': NicDriver;
  'device-emulator': DeviceEmulator;
  hypervisor: Hypervisor;
  'host-registry': HostRegistry;
}

export type PluginKind = keyof ExtensionPoints;

/** Version of each extension point that this sdk describes. It grows when the point changes incompatibly. */
export const API_VERSIONS: Readonly<Record<PluginKind, number>> = {
  admission: 1,
  'load-distribution': 1,
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
  detector: ['observe', 'judge'],
  responder: ['respond'],
  'nic-driver': ['link', 'send', 'receive'],
  'device-emulator': ['poll'],
  hypervisor: ['start', 'suspend', 'resume', 'stop', 'migrate', 'throttle', 'status'],
  'host-registry': ['announce', 'hosts', 'claim', 'release'],
};
