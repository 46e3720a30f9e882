import type { PluginKind } from '../../src/index.ts';
import { admission } from './admission.ts';
import type { BrokenPlugins } from './broken-plugin.ts';
import { detector } from './detector.ts';
import { deviceEmulator } from './device-emulator.ts';
import { hostRegistry } from './host-registry.ts';
import { hypervisor } from './hypervisor.ts';
import { linkMonitor } from './link-monitor.ts';
import { loadDistribution } from './load-distribution.ts';
import { nicDriver } from './nic-driver.ts';
import { responder } from './responder.ts';

/** By kind: plugins that keep every law, and one for each law that breaks it. One file for each kind. */
export const BROKEN_PLUGINS: { readonly [K in PluginKind]?: BrokenPlugins } = {
  admission,
  'load-distribution': loadDistribution,
  detector,
  'nic-driver': nicDriver,
  'device-emulator': deviceEmulator,
  hypervisor,
  responder,
  'host-registry': hostRegistry,
  'link-monitor': linkMonitor,
};
