import type { PluginDefinition } from '../../src/index.ts';

/** A plugin with one mistake, and the law that is there to find it. */
export interface BrokenPlugin {
  readonly law: string;
  /** What its author got wrong, in a few words. */
  readonly mistake: string;
  /** Makes the definition anew, so that what its module would remember starts afresh. */
  plugin(): PluginDefinition;
  /** What `conformanceLaws` is given beside the plugin. */
  readonly given?: object;
  /** Laws that cannot hold either where this one does not; none as a rule. */
  readonly also?: readonly string[];
}

/** For one kind: plugins that keep every law, and for each law one that breaks it. */
export interface BrokenPlugins {
  readonly right: readonly (() => PluginDefinition)[];
  readonly broken: readonly BrokenPlugin[];
}
