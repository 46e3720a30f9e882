import type { PluginDefinition } from '../../plugin.ts';
import type { VmRef } from '../../points/hypervisor.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { createInstance } from '../instance.ts';
import { answerOf, type Rig, refuses, wrongStatus } from './hypervisor-rig.ts';
import {
  after,
  allows,
  call,
  drawHypervisor,
  HYPERVISOR_CALLS,
  type HypervisorCall,
  type HypervisorScenario,
  simplerHypervisor,
  tellCall,
  tellHypervisor,
} from './hypervisor-scenario.ts';
import { stepLaws } from './hypervisor-steps.ts';
import { asyncLaw, type Law } from './law.ts';
import { optionSets } from './option-sets.ts';
import { startsAndClosesLaw } from './starts.ts';

/**
 * What a hypervisor manages in a test, made anew for each instance that a kit tries.
 *
 * @example
 * ```ts
 * import type { ManagedVms } from '@fairlead/sdk/testing';
 *
 * const vms: ManagedVms = { names: ['web', 'mail', 'build'] };
 * ```
 */
export interface ManagedVms {
  /** Options by which the hypervisor reaches these VMs, on top of those that are tried. */
  readonly options?: object;
  /** Names of VMs that it knows, three at least; all are stopped. `vm0`, `vm1`, `vm2` when left out. */
  readonly names?: readonly string[];
  /** Takes the VMs away again, once the hypervisor is closed. */
  close?(): void | Promise<void>;
}

/**
 * What the author of a hypervisor gives its kit.
 *
 * @example
 * ```ts
 * import simulated from '@fairlead/hypervisor-simulated';
 * import { conformanceLaws, type HypervisorGiven } from '@fairlead/sdk/testing';
 *
 * const given = { destination: 'host-b' } satisfies HypervisorGiven;
 * for (const { check } of conformanceLaws(simulated, given)) await check();
 * ```
 */
export interface HypervisorGiven extends ConformanceGiven {
  /** Makes the VMs that the hypervisor is to manage; without it, it is told of three that nobody has made. */
  readonly vms?: () => ManagedVms | Promise<ManagedVms>;
  /** A host that takes every VM; `elsewhere` when left out. */
  readonly destination?: string;
  /** A host that takes none; without it the kit cannot see what a migration that fails leaves. */
  readonly refusingDestination?: string;
  /** A VM that the hypervisor does not know. One that makes VMs as it hears of them has none. */
  readonly unknown?: VmRef;
}

const ROUNDS = 30;
const DEFAULT_NAMES = ['vm0', 'vm1', 'vm2'];
const NO_FRACTIONS = [0, -0.5, 1.0001, 2, Number.NaN, Number.POSITIVE_INFINITY];

/** What every hypervisor does. */
export function hypervisorKit(plugin: PluginDefinition<'hypervisor'>, given: HypervisorGiven): readonly Law[] {
  const { usable: options } = optionSets(plugin as unknown as PluginDefinition, given.options);
  const destination = given.destination ?? 'elsewhere';

  async function open(scenario: HypervisorScenario): Promise<Rig> {
    const vms = (await given.vms?.()) ?? {};
    const hypervisor = createInstance(plugin, { ...scenario.options, ...vms.options });
    const refs = (vms.names ?? DEFAULT_NAMES).slice(0, 3).map((name, index) => ({ index, name }));
    return {
      hypervisor,
      vms: refs,
      model: refs.map(() => ({ status: 'stopped', destination: undefined })),
      close: async () => {
        await hypervisor.close?.();
        await vms.close?.();
      },
    };
  }

  /** Makes a call that the VM's state allows, if it does; what is wrong with its answer. */
  async function obey(rig: Rig, step: HypervisorCall): Promise<string | undefined> {
    const before = rig.model[step.vm];
    if (!allows(before, step)) return undefined;
    try {
      await call(rig.hypervisor, rig.vms[step.vm], step, destination);
    } catch (error) {
      return `${tellCall(step)} of a VM that is ${before.status} rejected: ${String(error)}`;
    }
    rig.model[step.vm] = after(before, step, destination);
    return wrongStatus(rig, step.vm, tellCall(step));
  }

  async function obeyAll(rig: Rig, steps: readonly HypervisorCall[]): Promise<string | undefined> {
    for (const step of steps) {
      const fault = await obey(rig, step);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  const onEveryScenario = (name: string, fault: (scenario: HypervisorScenario) => Promise<string | undefined>): Law =>
    asyncLaw<HypervisorScenario>({
      name,
      rounds: Math.max(ROUNDS, options.length * 3),
      draw: (random, round) => drawHypervisor(random, options[round % options.length]),
      fault,
      simpler: simplerHypervisor,
      tell: tellHypervisor,
    });

  const inEveryState = (
    name: string,
    fault: (rig: Rig, steps: readonly HypervisorCall[]) => Promise<string | undefined>,
  ): Law =>
    onEveryScenario(name, async (scenario) => {
      const rig = await open(scenario);
      try {
        return await fault(rig, scenario.calls);
      } finally {
        await rig.close();
      }
    });

  return [
    startsAndClosesLaw(plugin as unknown as PluginDefinition, given.options),
    inEveryState('does what it is asked, and says so', (rig, steps) => obeyAll(rig, steps)),
    inEveryState('does nothing when it is asked again, and succeeds', async (rig, steps) => {
      for (const step of steps) {
        if (!allows(rig.model[step.vm], step)) continue;
        await call(rig.hypervisor, rig.vms[step.vm], step, destination);
        rig.model[step.vm] = after(rig.model[step.vm], step, destination);
        // What else may be wrong after the first call is for another law to find.
        const first = await rig.hypervisor.status(rig.vms[step.vm]);
        try {
          await call(rig.hypervisor, rig.vms[step.vm], step, destination);
        } catch (error) {
          return `the second ${tellCall(step)} rejected: ${String(error)}`;
        }
        const second = await rig.hypervisor.status(rig.vms[step.vm]);
        if (second !== first) return `the second ${tellCall(step)} made a VM that was ${first} ${second}`;
      }
      return undefined;
    }),
    inEveryState('refuses what the state of a VM does not allow', async (rig, steps) => {
      for (const step of steps) {
        if (allows(rig.model[step.vm], step)) {
          await obey(rig, step);
          continue;
        }
        // Of a VM that has gone elsewhere there is nothing left to stop here; both answers are right.
        if (step.name === 'stop') continue;
        // A VM that is not as it should be is for another law to find.
        if ((await wrongStatus(rig, step.vm, '')) !== undefined) return undefined;
        const fault = await refuses(rig, step.vm, tellCall(step), () =>
          call(rig.hypervisor, rig.vms[step.vm], step, destination),
        );
        if (fault !== undefined) return fault;
      }
      return undefined;
    }),
    inEveryState('refuses a fraction of CPU time that is none', async (rig, steps) => {
      for (const step of steps) {
        await obey(rig, step);
        const { status } = rig.model[step.vm];
        if (status !== 'running' && status !== 'suspended') continue;
        for (const fraction of NO_FRACTIONS) {
          const fault = await refuses(rig, step.vm, `throttle to ${fraction}`, () =>
            rig.hypervisor.throttle(rig.vms[step.vm], fraction),
          );
          if (fault !== undefined) return fault;
        }
      }
      return undefined;
    }),
    inEveryState('leaves a VM where it was when its destination does not take it', async (rig, steps) => {
      const refusing = given.refusingDestination;
      if (refusing === undefined) return undefined;
      for (const step of steps) {
        await obey(rig, step);
        const { status } = rig.model[step.vm];
        if (status !== 'running' && status !== 'suspended') continue;
        const fault = await refuses(rig, step.vm, `migrate to ${refusing}`, () =>
          rig.hypervisor.migrate(rig.vms[step.vm], refusing),
        );
        if (fault !== undefined) return fault;
      }
      return undefined;
    }),
    ...stepLaws(inEveryState, obey, destination, given.refusingDestination),
    inEveryState('refuses a VM that it does not know', async ({ hypervisor }) => {
      const { unknown } = given;
      if (unknown === undefined) return undefined;
      const steps = HYPERVISOR_CALLS.map((name): HypervisorCall => ({ name, vm: 0, fraction: 0.5 }));
      for (const step of steps) {
        const answer = await answerOf(() => call(hypervisor, unknown, step, destination));
        if (answer !== 'refused') return `${tellCall(step)} of ${unknown.name}, which it does not know, ${answer}`;
      }
      const answer = await answerOf(() => hypervisor.status(unknown));
      return answer === 'refused' ? undefined : `status of ${unknown.name}, which it does not know, ${answer}`;
    }),
    inEveryState('takes calls for several VMs at once', async (rig, steps) => {
      const faults = await Promise.all(
        rig.vms.map((_, vm) =>
          obeyAll(
            rig,
            steps.filter((step) => step.vm === vm),
          ),
        ),
      );
      return faults.find((fault) => fault !== undefined);
    }),
    onEveryScenario('keeps apart what two instances manage', async (scenario) => {
      // Options may name something of which there is only one, as a socket or a host.
      const rigs = [await open({ ...scenario, options: options[0] }), await open({ ...scenario, options: options[0] })];
      let fault: string | undefined;
      const backwards = [...scenario.calls].reverse();
      for (const [i, step] of scenario.calls.entries()) {
        fault ??= (await obey(rigs[0], step)) ?? (await obey(rigs[1], backwards[i]));
      }
      for (const [vm] of rigs[0].vms.entries())
        fault ??= await wrongStatus(rigs[0], vm, 'all calls of a second instance');
      for (const rig of rigs) await rig.close();
      return fault;
    }),
    onEveryScenario('gives everything back when it is closed', async (scenario) => {
      await (await open(scenario)).close();
      for (const steps of [scenario.calls, scenario.calls]) {
        const rig = await open(scenario);
        const fault = await obeyAll(rig, steps);
        await rig.close();
        if (fault !== undefined) return `of one made anew: ${fault}`;
      }
      return undefined;
    }),
  ];
}
