import type { Random } from '../../clock.ts';
import type { PluginDefinition } from '../../plugin.ts';
import type { ExtensionPoints, PluginKind } from '../../points/map.ts';
import { createInstance } from '../instance.ts';
import { testNics, testVms } from '../tables.ts';
import { drawInt } from './draw.ts';
import { type Law, law } from './law.ts';
import { optionSets, refusal } from './option-sets.ts';
import type { KitParts } from './parts.ts';

/** What is tried: how instances of it are made, and with which options. */
export interface Candidate<P> {
  /** Under which a state comes from one of its kind. */
  readonly name: string;
  /** Whether it reads the frames' headers. */
  readonly headers: boolean;
  /** The plainest first. */
  readonly optionSets: readonly object[];
  fewerOptions(options: object): readonly object[];
  make(parts: KitParts, options: object): P;
}

/** Makes one instance, with the options of the scenario. */
export type Make<P> = (parts: KitParts) => P;

/** An implementation that is made by a function and has no options. */
export function candidateOf<P>(make: Make<P>): Candidate<P> {
  return { name: 'by hand', headers: true, optionSets: [{}], fewerOptions: () => [], make };
}

/** A plugin with the options that its schema and its author want tried. */
export function candidateFrom<K extends PluginKind>(
  plugin: PluginDefinition<K>,
  given: readonly object[] | undefined,
): Candidate<ExtensionPoints[K]> {
  const { usable, fewer } = optionSets(plugin, given);
  return {
    name: plugin.name,
    // Asked for with some options, they are there with all: that costs a kit nothing.
    headers: typeof plugin.needs === 'function' || plugin.needs?.includes('headers') === true,
    optionSets: usable,
    fewerOptions: fewer,
    make: (parts, options) => createInstance(plugin, options, parts),
  };
}

/** How a law about a candidate is made of scenarios. */
export interface CandidateLawParts<P, S> {
  readonly name: string;
  readonly rounds?: number;
  draw(random: Random): S;
  fault(make: Make<P>, scenario: S): string | undefined;
  simpler(scenario: S): Iterable<S>;
  tell(scenario: S): string;
}

/** A law that is tried with every set of options in turn. */
export function candidateLaw<P, S>(candidate: Candidate<P>, parts: CandidateLawParts<P, S>): Law {
  const { optionSets: sets } = candidate;
  return law<{ readonly options: object; readonly scenario: S }>({
    name: parts.name,
    rounds: Math.max(parts.rounds ?? 100, 4 * sets.length),
    draw: (random, round) => ({ options: sets[round % sets.length], scenario: parts.draw(random) }),
    fault: ({ options, scenario }) => parts.fault((given) => candidate.make(given, options), scenario),
    *simpler({ options, scenario }) {
      if (options !== sets[0]) yield { options: sets[0], scenario };
      for (const fewer of candidate.fewerOptions(options)) yield { options: fewer, scenario };
      for (const simpler of parts.simpler(scenario)) yield { options, scenario: simpler };
    },
    tell: ({ options, scenario }) => tellOptions(options) + parts.tell(scenario),
  });
}

function tellOptions(options: object): string {
  return Object.keys(options).length === 0 ? '' : `  options ${JSON.stringify(options)}\n`;
}

/** The first law of every kind: that there is an instance at all. */
export function startsLaw(plugin: PluginDefinition, given: readonly object[] | undefined): Law {
  const { all } = optionSets(plugin, given);
  return law<{ readonly options: object; readonly nics: number; readonly vms: number }>({
    name: 'starts with an empty configuration, and with every option at its bounds',
    rounds: Math.max(20, 2 * all.length),
    draw: (random, round) => ({
      options: all[round % all.length],
      nics: drawInt(random, 1, 32),
      vms: drawInt(random, 1, 64),
    }),
    fault({ options, nics, vms }) {
      const parts = { nics: testNics(Array(nics).fill(1e9)), vms: testVms(Array.from({ length: vms }, () => ({}))) };
      const refused = refusal(plugin, options, parts);
      if (refused === undefined) return undefined;
      // A bound that does not go with the other defaults may be refused, in words that a person can act upon.
      const mayRefuse = options !== all[0] && !(given ?? []).includes(options);
      return mayRefuse && refused.code !== 'FAIRLEAD_ERR_PLUGIN_CONSTRUCT' ? undefined : refused.message;
    },
    *simpler(scenario) {
      if (scenario.nics > 1) yield { ...scenario, nics: 1 };
      if (scenario.vms > 1) yield { ...scenario, vms: 1 };
      if (scenario.options !== all[0]) yield { ...scenario, options: all[0] };
    },
    tell: ({ options, nics, vms }) => `${tellOptions(options)}  ${nics} NICs, ${vms} VMs`,
  });
}
