import { isFairleadError } from '../../errors.ts';
import type { PluginDefinition } from '../../plugin.ts';
import { createInstance, type InstanceParts } from '../instance.ts';
import { asyncLaw, type Law } from './law.ts';
import { optionSets } from './option-sets.ts';

/** The first law of the kinds whose instances are closed: that there is one at all, and that it can be closed. */
export function startsAndClosesLaw(
  plugin: PluginDefinition,
  given: readonly object[] | undefined,
  parts: () => Partial<InstanceParts> = () => ({}),
): Law {
  const { all } = optionSets(plugin, given);
  return asyncLaw<object>({
    name: 'starts with an empty configuration, and with every option at its bounds',
    rounds: all.length,
    draw: (_random, round) => all[round % all.length],
    async fault(options) {
      try {
        const instance = createInstance(plugin, options, parts());
        if ('close' in instance) await instance.close?.();
        return undefined;
      } catch (error) {
        // A bound that does not go with the other defaults may be refused, in words that a person can act upon.
        const mayRefuse = options !== all[0] && !(given ?? []).includes(options);
        const inWords = isFairleadError(error) && error.code !== 'FAIRLEAD_ERR_PLUGIN_CONSTRUCT';
        return mayRefuse && inWords ? undefined : (error as Error).message;
      }
    },
    *simpler(options) {
      if (options !== all[0]) yield all[0];
    },
    tell: (options) => `  options ${JSON.stringify(options)}`,
  });
}
