import type { VmTable } from '@fairlead/sdk';
import { Phase } from '../memory/threads.ts';
import { detectorFault } from '../path/detector-fault.ts';
import {
  briefOf,
  driverFault,
  type FaultInput,
  faultError,
  PluginFailure,
  type PluginFault,
} from '../path/plugin-failure.ts';
import { outcomeOf, successorOf } from '../path/policies.ts';
import type { Composition, PluginPlan } from '../plan.ts';
import { ShadowRecord } from '../shadow/shadow-record.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { ShadowPlan } from '../succession/order.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** A plugin that holds a worker up, or has brought it down. */
export interface Suspect {
  readonly name: string;
  readonly hook: string;
  readonly plan: PluginPlan;
  /** Where it was asked beside the one that decides; nothing that decides is touched by what it did. */
  readonly shadowOf?: PolicySection;
  /** It is a detector: its number. */
  readonly detector?: number;
  /** Keeps it from serving on this worker again, and says what there is to tell. */
  putAside(cause: unknown): PluginFault;
}

const HOOKS: Readonly<Partial<Record<Phase, string>>> = {
  [Phase.Admit]: 'admit',
  [Phase.Sweep]: 'sweep',
  [Phase.Select]: 'select',
  [Phase.Send]: 'send',
  [Phase.Receive]: 'receive',
  [Phase.ShadowAdmit]: 'admit',
  [Phase.ShadowSelect]: 'select',
  [Phase.Observe]: 'observe',
  [Phase.Judge]: 'judge',
  [Phase.Load]: 'import',
  [Phase.Make]: 'constructor',
  [Phase.Open]: 'open',
};

/** What the host's shadows are, by the place that they are asked beside. */
export type Shadows = ReadonlyMap<PolicySection, ShadowPlan>;

/** Who it is that holds a worker up, by the phase that the worker shows. */
export class AtFault {
  readonly #composition: Composition;
  readonly #shadows: Shadows;
  readonly #vms: VmTable;

  constructor(composition: Composition, shadows: Shadows, vms: VmTable) {
    this.#composition = composition;
    this.#shadows = shadows;
    this.#vms = vms;
  }

  /** The plugin whose code runs in a phase; undefined when it is the host's own. */
  suspect(slot: WorkerSlot, { phase, vm }: { phase: Phase; vm: number }): Suspect | undefined {
    const hook = HOOKS[phase];
    if (hook === undefined) return undefined;
    switch (phase) {
      case Phase.Send:
      case Phase.Receive:
        return this.#driver(slot, vm, hook); // in these phases the word holds the NIC
      case Phase.Admit:
      case Phase.Sweep:
        return this.#serving(slot, 'admission', hook, vm);
      case Phase.Select:
        return this.#serving(slot, 'distribution', hook, vm);
      case Phase.ShadowAdmit:
        return this.#shadow(slot, 'admission', hook, vm);
      case Phase.ShadowSelect:
        return this.#shadow(slot, 'distribution', hook, vm);
      case Phase.Observe:
      case Phase.Judge:
        return this.#detector(slot, vm, hook); // in these phases the word holds its number
      default:
        return this.#posted(slot, vm, hook);
    }
  }

  /** By its number among those that the worker was posted. */
  #posted(slot: WorkerSlot, number: number, hook: string): Suspect | undefined {
    const { nics, detectors } = this.#composition;
    const { lines, shadowless, blindDetectors } = slot;
    if (number < nics.length) return this.#driver(slot, number, hook);
    let left = number - nics.length;
    for (const section of ['admission', 'distribution'] as const) {
      const { plans } = lines[section];
      const plan = plans[left];
      if (plan !== undefined) return this.#policy(slot, section, plan, hook, -1);
      left -= plans.length;
    }
    const watching = [...detectors.keys()].filter((number) => !blindDetectors.has(number));
    const detector = watching[left];
    if (detector !== undefined) return this.#detector(slot, detector, hook);
    left -= watching.length;
    const section = [...this.#shadows.keys()].filter((one) => !shadowless.has(one))[left];
    return section && this.#shadow(slot, section, hook, -1);
  }

  #driver({ brokenNics }: WorkerSlot, nic: number, hook: string): Suspect | undefined {
    const plan = this.#composition.nics[nic];
    if (plan === undefined) return undefined;
    const putAside = (cause: unknown): PluginFault => {
      brokenNics.add(nic);
      return driverFault(plan, nic, hook, cause);
    };
    return { name: plan.name, hook, plan, putAside };
  }

  #detector({ blindDetectors }: WorkerSlot, number: number, hook: string): Suspect | undefined {
    const plan = this.#composition.detectors[number];
    if (plan === undefined) return undefined;
    const putAside = (cause: unknown): PluginFault => {
      blindDetectors.add(number);
      return detectorFault(plan.name, hook, -1, cause);
    };
    return { name: plan.name, hook, plan, detector: number, putAside };
  }

  #serving(slot: WorkerSlot, section: PolicySection, hook: string, vm: number): Suspect | undefined {
    const [plan] = slot.lines[section].plans;
    return plan && this.#policy(slot, section, plan, hook, vm);
  }

  #policy({ lines }: WorkerSlot, section: PolicySection, plan: PluginPlan, hook: string, vm: number): Suspect {
    const line = lines[section];
    const putAside = (cause: unknown): PluginFault => {
      line.remove(plan);
      // On probation its predecessor returns, whatever the failure mode of the place.
      const fail = line.givenUp ? plan.fail : 'fallback';
      const last = section === 'admission' ? 'admit-all' : 'first-available';
      const fallback = successorOf(fail, line.plans[0]?.name, last);
      return faultOf(plan.name, hook, vm, fail, fallback, cause, waiting(this.#vms, vm));
    };
    return { name: plan.name, hook, plan, putAside };
  }

  #shadow(slot: WorkerSlot, section: PolicySection, hook: string, vm: number): Suspect | undefined {
    const shadow = this.#shadows.get(section);
    if (shadow === undefined) return undefined;
    const { plan, memory, shape } = shadow;
    const putAside = (cause: unknown): PluginFault => {
      slot.shadowless.add(section);
      new ShadowRecord(memory, shape, slot.worker).aside = true; // it cannot say so itself any more
      return faultOf(plan.name, hook, vm, 'fallback', 'nobody', cause);
    };
    return { name: plan.name, hook, plan, shadowOf: section, putAside };
  }
}

function faultOf(
  plugin: string,
  hook: string,
  vm: number,
  fail: PluginFault['fail'],
  fallback: string,
  cause: unknown,
  input?: FaultInput,
): PluginFault {
  const error = faultError(plugin, hook, outcomeOf(fail, fallback), cause);
  const cost = cause instanceof PluginFailure ? cause.cost : undefined;
  return { plugin, hook, vm, fallback, fail, error, brief: briefOf(hook, cause), input, cost };
}

/** Of a worker that is gone no more is known than what its VM had waiting. */
function waiting(vms: VmTable, vm: number): FaultInput | undefined {
  if (vm < 0 || vm >= vms.count) return undefined;
  return { frames: 0, bytes: 0, smallestBytes: 0, largestBytes: 0, backlogFrames: vms.backlogFrames[vm] };
}
