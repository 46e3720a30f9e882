import type { PluginKind } from '@fairlead/sdk';

/** What a name that operators know stands for. */
export interface Preset {
  /** The bundled load distribution. */
  readonly use: string;
  /** Its options, as a configuration has them; options that are written beside the name come on top. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whose name it is. */
  readonly from: string;
}

const BONDING = 'the Linux bonding driver';
const OPEN_VSWITCH = 'Open vSwitch';
const VSPHERE = 'vSphere';

/**
 * The modes that operators know, by the names they have in vSphere, Open vSwitch and the Linux bonding driver, as load
 * distributions with their options. `active-backup` is not among them: the plugin itself has that name.
 *
 * @example
 * ```ts
 * import { DISTRIBUTION_PRESETS, type Preset } from '@fairlead/core';
 *
 * const { use, options }: Preset = DISTRIBUTION_PRESETS['balance-slb'];
 * console.log(use, options); // load-rebalance { granularity: 'vm', intervalMs: '10s', thresholdPercent: 0 }
 * ```
 */
export const DISTRIBUTION_PRESETS = {
  'balance-rr': { use: 'round-robin', options: {}, from: BONDING },
  'balance-slb': {
    use: 'load-rebalance',
    options: { granularity: 'vm', intervalMs: '10s', thresholdPercent: 0 },
    from: OPEN_VSWITCH,
  },
  'balance-tcp': {
    use: 'load-rebalance',
    options: { granularity: 'bucket', intervalMs: '10s', thresholdPercent: 0 },
    from: OPEN_VSWITCH,
  },
  loadbalance_srcid: { use: 'originating-port', options: {}, from: VSPHERE },
  loadbalance_srcmac: { use: 'flow-hash', options: { layer: 'src-mac' }, from: VSPHERE },
  loadbalance_ip: { use: 'flow-hash', options: { layer: 'layer2+3' }, from: VSPHERE },
  loadbalance_loadbased: {
    use: 'load-rebalance',
    options: { granularity: 'vm', intervalMs: '30s', thresholdPercent: 75 },
    from: VSPHERE,
  },
  failover_explicit: { use: 'active-backup', options: {}, from: VSPHERE },
} as const satisfies Readonly<Record<string, Preset>>;

/** A name that stands for a load distribution with options. */
export type DistributionPreset = keyof typeof DISTRIBUTION_PRESETS;

/**
 * What a name stands for; undefined when it is none of the known ones.
 *
 * @example
 * ```ts
 * import { presetOf } from '@fairlead/core';
 *
 * console.log(presetOf('load-distribution', 'failover_explicit')?.use); // active-backup
 * console.log(presetOf('load-distribution', 'round-robin')); // undefined: a plugin
 * ```
 */
export function presetOf(kind: PluginKind, name: string): Preset | undefined {
  if (kind !== 'load-distribution' || !Object.hasOwn(DISTRIBUTION_PRESETS, name)) return undefined;
  return DISTRIBUTION_PRESETS[name as DistributionPreset];
}
