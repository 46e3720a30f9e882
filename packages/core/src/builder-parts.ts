import type { PluginKind } from '@fairlead/sdk';
import type { WrittenHostConfig } from './config.ts';
import type { Used } from './used.ts';

/** What may be said of a NIC beside its name and driver. */
export type MoreOfNic = Omit<WrittenHostConfig['nics'][number], 'name' | 'driver'>;
/** What may be said of a VM beside its name, MAC address and device. */
export type MoreOfVm = Omit<WrittenHostConfig['vms'][number], 'name' | 'mac' | 'device'>;
/** What may be said of a policy beside its plugin and options. */
export type MoreOfPolicy<K extends PluginKind> = Pick<WrittenPolicy, 'fail' | 'budget'> & {
  /** Serves when the policy fails. */
  readonly fallback?: Used<K> | undefined;
};
type WrittenPolicy = NonNullable<WrittenHostConfig['admission']>;
/** What may be said of a detector beside its plugin and options. */
export type MoreOfDetector = Omit<NonNullable<WrittenHostConfig['detectors']>[number], 'use' | 'options'>;
/** What may be said of a team beside its name. */
export type TeamMembers = Omit<NonNullable<WrittenHostConfig['teams']>[number], 'name' | 'monitors'> & {
  /** Link monitors, which find NICs that are up and carry nothing. */
  readonly monitors?: readonly Used<'link-monitor'>[];
};
/** What is done about one kind of signal. */
export type ChainOf = NonNullable<WrittenHostConfig['signals']>[number];
/** What may be said of a chain beside its kind of signal and its responders. */
export type MoreOfChain = Omit<ChainOf, 'on' | 'responders'>;
/** A section of the configuration. */
export type Section<K extends keyof WrittenHostConfig> = NonNullable<WrittenHostConfig[K]>;
/** What may be said of a registry beside its plugin and options. */
export type MoreOfRegistry = Omit<Section<'registry'>, 'use' | 'options'>;
