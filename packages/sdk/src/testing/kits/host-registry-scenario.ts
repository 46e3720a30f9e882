import type { Random } from '../../clock.ts';
import type { HostInfo } from '../../points/host-registry.ts';
import { drawInt, drawList, drawOne } from './draw.ts';
import { shorter } from './shrink.ts';

/** One thing that a host does with the registry. */
export interface RegistryStep {
  readonly name: 'claim' | 'release' | 'announce';
  readonly vm: string;
  readonly host: string;
  readonly info: HostInfo;
}

export interface RegistryScenario {
  readonly options: object;
  readonly hosts: readonly string[];
  readonly vms: readonly string[];
  readonly steps: readonly RegistryStep[];
}

/** Pairs of names that a registry may take for one: it escapes, folds, trims or splits them. */
const ODD_NAMES = [
  'a',
  'A',
  'a.b',
  'a_b',
  'a/b',
  'a%2Fb',
  'a b',
  ' a',
  'a ',
  'a*',
  'a>',
  '$a',
  'é',
  'e\u0301',
  '机',
  '🖧',
  '__proto__',
  'constructor',
  '..',
  'x'.repeat(200),
];

function drawNames(random: Random, count: number): string[] {
  const names = new Set<string>();
  while (names.size < count) names.add(drawOne(random, ODD_NAMES));
  return [...names];
}

export function drawRegistry(random: Random, options: object): RegistryScenario {
  const hosts = drawNames(random, drawInt(random, 2, 5));
  const vms = drawNames(random, drawInt(random, 1, 4));
  return {
    options,
    hosts,
    vms,
    steps: drawList(random, drawInt(random, 1, 30), () => {
      const host = drawOne(random, hosts);
      const info = {
        name: host,
        roomBps: drawOne(random, [0, 1e6, 25e9]),
        load: random.next(),
        underAttack: random.next() < 0.3,
      };
      return {
        name: drawOne(random, ['claim', 'claim', 'release', 'announce'] as const),
        vm: drawOne(random, vms),
        host,
        info,
      };
    }),
  };
}

export function* simplerRegistry(scenario: RegistryScenario): Iterable<RegistryScenario> {
  for (const steps of shorter(scenario.steps)) yield { ...scenario, steps };
  for (const hosts of shorter(scenario.hosts, 2)) {
    yield { ...scenario, hosts, steps: scenario.steps.filter(({ host }) => hosts.includes(host)) };
  }
  for (const vms of shorter(scenario.vms, 1)) {
    yield { ...scenario, vms, steps: scenario.steps.filter(({ vm }) => vms.includes(vm)) };
  }
}

export function tellStep({ name, vm, host }: RegistryStep): string {
  return name === 'announce' ? `announce ${show(host)}` : `${name} ${show(vm)} for ${show(host)}`;
}

export function show(name: string): string {
  return JSON.stringify(name.length > 20 ? `${name.slice(0, 20)}…` : name);
}

export function tellRegistry({ options, hosts, vms, steps }: RegistryScenario): string {
  return [
    `  options ${JSON.stringify(options)}, hosts ${hosts.map(show).join(' ')}, VMs ${vms.map(show).join(' ')}`,
    `  asked to ${steps.length === 0 ? 'do nothing' : steps.map(tellStep).join(', ')}`,
  ].join('\n');
}
