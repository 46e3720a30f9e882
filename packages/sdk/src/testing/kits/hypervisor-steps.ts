import type { MigrationResult, MigrationSteps } from '../../points/hypervisor.ts';
import { answerOf, type Rig, refuses, wrongStatus } from './hypervisor-rig.ts';
import { after, allows, type HypervisorCall } from './hypervisor-scenario.ts';
import type { Law } from './law.ts';

type InEveryState = (
  name: string,
  fault: (rig: Rig, steps: readonly HypervisorCall[]) => Promise<string | undefined>,
) => Law;
type Obey = (rig: Rig, step: HypervisorCall) => Promise<string | undefined>;

/** Steps of a migration that write down what happens to them. */
class StepWatch implements MigrationSteps {
  readonly #rejects: boolean;
  /** How often the VM was to change hands, and how often it has. */
  begun = 0;
  done = 0;
  readonly fractions: number[] = [];
  readonly results: MigrationResult[] = [];

  constructor(rejects = false) {
    this.#rejects = rejects;
  }

  readonly switchover = async (): Promise<void> => {
    this.begun++;
    await turns(); // whoever does not wait for it is found out
    if (this.#rejects) throw new Error('the VM belongs to another host');
    this.done++;
  };
  readonly progress = (fraction: number): void => void this.fractions.push(fraction);
  readonly took = (result: MigrationResult): void => void this.results.push(result);
}

/**
 * What a hypervisor does with the steps of a migration. One without `receive` takes no part in migrations between hosts,
 * and may leave them out.
 */
export function stepLaws(
  inEveryState: InEveryState,
  obey: Obey,
  destination: string,
  refusing: string | undefined,
): readonly Law[] {
  /** Goes through the calls of a scenario; each VM that may migrate does, and `look` says what is wrong with it. */
  const onEveryMigration = (
    name: string,
    makeWatch: () => StepWatch,
    look: (rig: Rig, vm: number, watch: StepWatch) => Promise<string | undefined>,
  ): Law =>
    inEveryState(name, async (rig, steps) => {
      for (const step of steps) {
        const { status } = rig.model[step.vm];
        if (step.name !== 'migrate' || status === 'migrated' || !allows(rig.model[step.vm], step)) {
          // How it answers these is for other laws.
          if (step.name !== 'migrate' && (await obey(rig, step)) !== undefined) return undefined;
          continue;
        }
        const fault = await look(rig, step.vm, makeWatch());
        if (fault !== undefined) return fault;
      }
      return undefined;
    });

  const goes = async (rig: Rig, vm: number, watch: StepWatch): Promise<string> => {
    const answer = await answerOf(() => rig.hypervisor.migrate(rig.vms[vm], destination, watch));
    if (answer === 'succeeded') rig.model[vm] = after(rig.model[vm], { name: 'migrate', vm, fraction: 1 }, destination);
    return answer;
  };

  return [
    onEveryMigration(
      'lets a VM change hands once, and waits for it, before the VM has gone',
      () => new StepWatch(),
      async (rig, vm, watch) => {
        const { status } = rig.model[vm];
        if ((await goes(rig, vm, watch)) !== 'succeeded') return undefined;
        const { begun, done } = watch;
        await turns();
        if (begun === 0 && rig.hypervisor.receive === undefined) return undefined;
        if (begun === 1 && done === 1 && watch.begun === 1) return undefined;
        return `a VM that was ${status} changed hands ${watch.begun} times, ${done} of them done when it had gone`;
      },
    ),
    onEveryMigration(
      'keeps a VM that may not change hands',
      () => new StepWatch(true),
      async (rig, vm, watch) => {
        const { status } = rig.model[vm];
        const answer = await goes(rig, vm, watch);
        if (watch.begun === 0) return undefined; // for the law before this one, or a refusal
        if (answer !== 'refused') return `the migration of a VM that was ${status} and may not change hands ${answer}`;
        return wrongStatus(rig, vm, 'a migration in which it did not change hands');
      },
    ),
    inEveryState('asks for no change of hands of a VM that stays', async (rig, steps) => {
      for (const step of steps) {
        const watch = new StepWatch();
        const model = rig.model[step.vm];
        const vm = rig.vms[step.vm];
        const migrate = (to: string) => () => rig.hypervisor.migrate(vm, to, watch);
        if (step.name !== 'migrate') {
          if ((await obey(rig, step)) !== undefined) return undefined;
        } else if (model.status === 'migrated') await answerOf(migrate(destination));
        else if (!allows(model, step)) await refuses(rig, step.vm, 'migrate', migrate(destination));
        else if (refusing === undefined) await goes(rig, step.vm, new StepWatch());
        else if ((await answerOf(migrate(refusing))) === 'refused') {
          // It may refuse as late as after the switchover, but then it is over.
          watch.begun = 0;
        }
        await turns();
        if (watch.begun > 0) return `a VM that was ${model.status} and did not go was to change hands`;
      }
      return undefined;
    }),
    onEveryMigration(
      'tells in fractions how far a VM is, and at the end what it took',
      () => new StepWatch(),
      async (rig, vm, watch) => {
        if ((await goes(rig, vm, watch)) !== 'succeeded') return undefined;
        const wrong = watch.fractions.find((fraction) => !(fraction >= 0 && fraction <= 1));
        if (wrong !== undefined) return `${wrong} is no fraction of what has been copied`;
        const isTime = ({ downtimeMs, totalMs }: MigrationResult): boolean => downtimeMs >= 0 && totalMs >= downtimeMs;
        if (watch.results.length <= 1 && watch.results.every(isTime)) return undefined;
        return `it says that the migration took ${JSON.stringify(watch.results)}`;
      },
    ),
  ];
}

/** Lets everything go on that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
