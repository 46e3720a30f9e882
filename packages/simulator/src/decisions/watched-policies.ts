import {
  type AdmissionPolicy,
  definePlugin,
  dependenciesOf,
  type LoadDistribution,
  Nics,
  type NicTable,
  type PluginClass,
  type PluginDefinition,
  type Token,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import type { DecisionLog } from './decision-log.ts';

/**
 * An admission plugin whose decisions are written down.
 *
 * @example
 * ```ts
 * import { DecisionLog, watchedAdmission } from '@fairlead/simulator/decisions';
 * import shapingFilter from '@fairlead/admission-shaping-filter';
 * import type { PluginDefinition } from '@fairlead/sdk';
 *
 * const log = new DecisionLog(['web'], (text) => void process.stdout.write(text));
 * const watched = watchedAdmission(shapingFilter as unknown as PluginDefinition<'admission'>, log);
 * ```
 */
export function watchedAdmission(
  plugin: PluginDefinition<'admission'>,
  log: DecisionLog,
): PluginDefinition<'admission'> {
  return watched<'admission', AdmissionPolicy>(plugin, (policy) => {
    const admit = policy.admit.bind(policy);
    policy.admit = (batch: TransmitBatch): undefined => {
      log.settle();
      const answer = admit(batch);
      log.admitted(batch);
      return answer;
    };
  });
}

/**
 * A load distribution plugin whose choices are written down.
 *
 * @example
 * ```ts
 * import { DecisionLog, watchedDistribution } from '@fairlead/simulator/decisions';
 * import roundRobin from '@fairlead/load-distribution-round-robin';
 * import type { PluginDefinition } from '@fairlead/sdk';
 *
 * const log = new DecisionLog(['web'], (text) => void process.stdout.write(text));
 * const watched = watchedDistribution(roundRobin as unknown as PluginDefinition<'load-distribution'>, log);
 * ```
 */
export function watchedDistribution(
  plugin: PluginDefinition<'load-distribution'>,
  log: DecisionLog,
): PluginDefinition<'load-distribution'> {
  return watched<'load-distribution', LoadDistribution>(plugin, (policy) => {
    const select = policy.select.bind(policy);
    policy.select = (batch: TransmitBatch): undefined => {
      log.settle();
      const answer = select(batch);
      log.chosen(batch);
      return answer;
    };
  });
}

/** The same plugin, each instance of which is handed to `watch` when it has been made. */
function watched<K extends 'admission' | 'load-distribution', T extends object>(
  plugin: PluginDefinition<K>,
  watch: (instance: T) => void,
): PluginDefinition<K> {
  const original = plugin.implementation;
  const made = function (...dependencies: unknown[]): T {
    const instance = Reflect.construct(original, dependencies) as T;
    watch(instance);
    return instance;
  };
  const implementation = Object.assign(made, { inject: dependenciesOf(original) }) as unknown as PluginClass<never>;
  return definePlugin({ ...plugin, implementation }) as unknown as PluginDefinition<K>;
}

/** What the host does without a load distribution, as a plugin: so that it can be watched. */
class FirstAvailable implements LoadDistribution {
  static readonly inject: readonly Token<unknown>[] = [Nics];
  readonly #nics: NicTable;

  constructor(nics: NicTable) {
    this.#nics = nics;
  }

  select(batch: TransmitBatch): undefined {
    batch.nic.fill(this.#nics.available[0], 0, batch.count);
  }
}

/** The load distribution `first-available`: every frame goes over the first NIC that is available. */
export const firstAvailable = definePlugin({
  kind: 'load-distribution',
  name: 'first-available',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: FirstAvailable,
});
