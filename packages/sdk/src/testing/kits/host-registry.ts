import type { PluginDefinition } from '../../plugin.ts';
import type { HostInfo, HostRegistry } from '../../points/host-registry.ts';
import { ManualClock } from '../clock.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { createInstance } from '../instance.ts';
import { carriesQuestions, handsOver } from './host-registry-between.ts';
import {
  drawRegistry,
  type RegistryScenario,
  type RegistryStep,
  show,
  simplerRegistry,
  tellRegistry,
  tellStep,
} from './host-registry-scenario.ts';
import { asyncLaw, type Law } from './law.ts';
import { optionSets } from './option-sets.ts';
import { startsAndClosesLaw } from './starts.ts';

/**
 * What several hosts have in common, made anew for each scenario.
 *
 * @example
 * ```ts
 * import type { TestRegistry } from '@fairlead/sdk/testing';
 *
 * const registry: TestRegistry = { options: { bucket: 'test-1' } };
 * ```
 */
export interface TestRegistry {
  /** Options by which an instance reaches this registry, on top of those that are tried. */
  readonly options?: object;
  /** Puts the registry out of reach, or back. */
  reach?(reachable: boolean): void | Promise<void>;
  /** Lets the time pass after which what was announced has expired. */
  outlive?(): void | Promise<void>;
  /** Takes the registry away again, once all instances are closed. */
  close?(): void | Promise<void>;
}

/**
 * What the author of a host registry gives its kit.
 *
 * @example
 * ```ts
 * import type { HostRegistryGiven } from '@fairlead/sdk/testing';
 *
 * const given: HostRegistryGiven = {
 *   registry: (clock) => ({ outlive: () => void clock.advance(60_000_000) }),
 * };
 * ```
 */
export interface HostRegistryGiven extends ConformanceGiven {
  /** Without it all hosts of a scenario ask one instance. The clock is the one that instances are given. */
  readonly registry?: (clock: ManualClock) => TestRegistry | Promise<TestRegistry>;
}

/** The hosts of a scenario, each with its instance, and what the registry should hold. */
class Rig {
  readonly holders = new Map<string, string>();
  readonly announced = new Map<string, HostInfo>();
  #closed = false;

  private constructor(
    readonly world: TestRegistry,
    readonly instances: ReadonlyMap<string, HostRegistry>,
  ) {}

  static async open(
    plugin: PluginDefinition<'host-registry'>,
    { options, hosts }: RegistryScenario,
    given: HostRegistryGiven,
  ): Promise<Rig> {
    const clock = new ManualClock();
    const world = (await given.registry?.(clock)) ?? {};
    const make = (): HostRegistry => createInstance(plugin, { ...options, ...world.options }, { clock });
    const only = given.registry === undefined ? make() : undefined;
    return new Rig(world, new Map(hosts.map((host) => [host, only ?? make()])));
  }

  of(host: string): HostRegistry {
    return this.instances.get(host) as HostRegistry;
  }

  /** Once, however often it is called. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const instance of new Set(this.instances.values())) await instance.close?.();
    await this.world.close?.();
  }

  /** Does a step, and says what was wrong with the answer. */
  async step(step: RegistryStep): Promise<string | undefined> {
    const { vm, host, info } = step;
    const registry = this.of(host);
    if (step.name === 'announce') {
      await registry.announce(info);
      this.announced.set(host, info);
      return undefined;
    }
    const holder = this.holders.get(vm);
    if (step.name === 'release') {
      await registry.release(vm, host);
      if (holder === host) this.holders.delete(vm);
      return undefined;
    }
    const expected = holder === undefined || holder === host;
    const answer: unknown = await registry.claim(vm, host);
    if (expected) this.holders.set(vm, host);
    if (answer === expected) return undefined;
    const who = holder === undefined ? 'nobody has it' : `${show(holder)} has it`;
    return `${tellStep(step)} answered ${String(answer)}, and ${who}`;
  }
}

const ROUNDS = 60;

/** What every host registry does. */
export function hostRegistryKit(plugin: PluginDefinition<'host-registry'>, given: HostRegistryGiven): readonly Law[] {
  const { usable: options } = optionSets(plugin as unknown as PluginDefinition, given.options);
  const onEveryScenario = (
    name: string,
    fault: (rig: Rig, scenario: RegistryScenario) => Promise<string | undefined>,
  ): Law =>
    asyncLaw<RegistryScenario>({
      name,
      rounds: Math.max(ROUNDS, options.length * 3),
      draw: (random, round) => drawRegistry(random, options[round % options.length]),
      fault: async (scenario) => {
        const rig = await Rig.open(plugin, scenario, given);
        try {
          return await fault(rig, scenario);
        } finally {
          await rig.close();
        }
      },
      simpler: simplerRegistry,
      tell: tellRegistry,
    });

  const claims = ({ steps }: RegistryScenario): readonly RegistryStep[] => steps.filter(({ name }) => name === 'claim');

  return [
    startsAndClosesLaw(plugin as unknown as PluginDefinition, given.options),
    onEveryScenario('gives a VM to exactly one of the hosts that claim it at once', async (rig, { hosts, vms }) => {
      for (const vm of vms) {
        const answers = await Promise.all(hosts.map((host) => rig.of(host).claim(vm, host)));
        const winners = hosts.filter((_, i) => answers[i] === true);
        if (winners.length === 1) continue;
        const won = winners.length === 0 ? 'none of them' : winners.map(show).join(' and ');
        return `${hosts.length} hosts claimed ${show(vm)} at once, and ${won} got it`;
      }
      return undefined;
    }),
    onEveryScenario('keeps a VM for the host that has it, and tells it so again', async (rig, scenario) => {
      for (const step of claims(scenario)) {
        const fault = await rig.step(step);
        if (fault !== undefined) return fault;
      }
      return undefined;
    }),
    onEveryScenario('lets the host that has a VM release it, and no other', async (rig, scenario) => {
      // A first claim may go wrong for other reasons; what follows a release is looked at alone.
      for (const vm of scenario.vms) {
        const [owner, other] = scenario.hosts;
        await rig.of(owner).claim(vm, owner);
        await rig.of(other).release(vm, other);
        if (await rig.of(other).claim(vm, other))
          return `${show(other)} released ${show(vm)}, which ${show(owner)} had`;
        await rig.of(owner).release(vm, owner);
        await rig.of(owner).release(vm, owner);
        if (!(await rig.of(other).claim(vm, other)))
          return `${show(vm)} was released, and ${show(other)} cannot claim it`;
        await rig.of(other).release(vm, other);
      }
      return undefined;
    }),
    onEveryScenario('tells every host of all that announced themselves, each as it did last', async (rig, scenario) => {
      for (const step of scenario.steps) {
        if (step.name === 'announce') await rig.step(step);
      }
      for (const host of scenario.hosts) {
        const fault = wrongHosts(await rig.of(host).hosts(), rig.announced);
        if (fault !== undefined) return `${show(host)} is told ${fault}`;
      }
      return undefined;
    }),
    onEveryScenario('tells names that differ in a character apart', async (rig, { hosts, vms }) => {
      // Each VM by another host: none of them is in the way of another.
      for (const [i, vm] of vms.entries()) {
        const host = hosts[i % hosts.length];
        if (!(await rig.of(host).claim(vm, host))) return `${show(host)} cannot claim ${show(vm)}, which nobody has`;
      }
      return undefined;
    }),
    onEveryScenario('forgets a host that no longer announces itself', async (rig, { steps, hosts }) => {
      for (const step of steps) if (step.name === 'announce') await rig.step(step);
      if (rig.world.outlive === undefined) return undefined;
      await rig.world.outlive();
      const [left] = await rig.of(hosts[0]).hosts();
      return left === undefined ? undefined : `${show(left.name)} is still told of when its announcement had expired`;
    }),
    onEveryScenario(
      'rejects while the registry is out of reach, and goes on when it is back',
      async (rig, { vms, hosts }) => {
        const { reach } = rig.world;
        if (reach === undefined) return undefined;
        const [host] = hosts;
        const registry = rig.of(host);
        await reach.call(rig.world, false);
        const calls: Record<string, () => Promise<unknown>> = {
          announce: () => registry.announce({ name: host, roomBps: 0, load: 0, underAttack: false }),
          hosts: () => registry.hosts(),
          claim: () => registry.claim(vms[0], host),
          release: () => registry.release(vms[0], host),
        };
        for (const [name, ask] of Object.entries(calls)) {
          const answer = await ask().then(String, () => 'rejected');
          if (answer !== 'rejected') return `its ${name} answered ${answer} while the registry was out of reach`;
        }
        await reach.call(rig.world, true);
        return (await registry.claim(vms[0], host))
          ? undefined
          : `it cannot claim ${show(vms[0])} now that the registry is back`;
      },
    ),
    onEveryScenario('agrees with one ledger, whatever is asked', async (rig, { steps }) => {
      for (const step of steps) {
        const fault = await rig.step(step);
        if (fault !== undefined) return fault;
      }
      const [first] = rig.instances.values();
      return wrongHosts(await first.hosts(), rig.announced);
    }),
    onEveryScenario('says which host has a VM', async (rig, { steps, vms, hosts }) => {
      for (const step of steps) await rig.step(step);
      for (const [i, vm] of vms.entries()) {
        const registry = rig.of(hosts[i % hosts.length]);
        if (registry.owner === undefined) return undefined;
        const owner = await registry.owner(vm);
        const holder = rig.holders.get(vm);
        if (owner !== holder) return `the owner of ${show(vm)} is ${String(owner)}; ${String(holder)} has it`;
      }
      return undefined;
    }),
    onEveryScenario('has a VM change hands in one step, from the host that has it and no other', handsOver),
    onEveryScenario('carries a question to the host that it is for, and what that says back', carriesQuestions),
    onEveryScenario('closes at any time, and one made anew works', async (rig, scenario) => {
      await rig.close();
      const anew = await Rig.open(plugin, scenario, given);
      const [host] = scenario.hosts;
      const [vm] = scenario.vms;
      const claimed = await anew.of(host).claim(vm, host);
      await anew.close();
      return claimed ? undefined : `one made anew cannot claim ${show(vm)}, which nobody has`;
    }),
  ];
}

function wrongHosts(told: readonly HostInfo[], announced: ReadonlyMap<string, HostInfo>): string | undefined {
  for (const [name, info] of announced) {
    const entries = told.filter((host) => host.name === name);
    if (entries.length !== 1) return `of ${show(name)} ${entries.length} times; it announced itself`;
    const [{ roomBps, load, underAttack }] = entries;
    const same = roomBps === info.roomBps && load === info.load && underAttack === info.underAttack;
    if (!same) return `of ${show(name)} as ${JSON.stringify(entries[0])}; it announced ${JSON.stringify(info)}`;
  }
  const stranger = told.find(({ name }) => !announced.has(name));
  return stranger === undefined ? undefined : `of ${show(stranger.name)}, which did not announce itself`;
}
