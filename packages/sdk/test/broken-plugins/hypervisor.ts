import {
  definePlugin,
  FairleadError,
  type Hypervisor,
  type MigrationSteps,
  Options,
  type PluginDefinition,
  Type,
  type VmRef,
  type VmStatus,
} from '../../src/index.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugin.ts';

const options = Type.Object(
  { cores: Type.Integer({ default: 1, minimum: 1, maximum: 64 }) },
  { additionalProperties: false },
);

function refuse(what: string): never {
  throw new FairleadError('FAIRLEAD_ERR_HYPERVISOR', what, { mend: 'ask for its status and act on that' });
}

/** A hypervisor of VMs that are a word each. It keeps every law. */
class Words implements Hypervisor {
  static readonly inject = [Options];
  vms = new Map<string, VmStatus>();

  constructor(readonly options: { cores: number }) {}

  statusOf({ name }: VmRef): VmStatus {
    if (name === 'stranger') refuse('there is no such VM');
    return this.vms.get(name) ?? 'stopped';
  }

  /** Takes its time, as a real one does. */
  async move(vm: VmRef, from: readonly VmStatus[], to: VmStatus): Promise<void> {
    await Promise.resolve();
    const status = this.statusOf(vm);
    if (!from.includes(status)) refuse(`it is ${status}`);
    this.vms.set(vm.name, to);
  }

  start(vm: VmRef): Promise<void> {
    return this.move(vm, ['stopped', 'running'], 'running');
  }

  suspend(vm: VmRef): Promise<void> {
    return this.move(vm, ['running', 'suspended'], 'suspended');
  }

  resume(vm: VmRef): Promise<void> {
    return this.move(vm, ['suspended', 'running'], 'running');
  }

  stop(vm: VmRef): Promise<void> {
    return this.move(vm, ['stopped', 'running', 'suspended'], 'stopped');
  }

  async migrate(vm: VmRef, destination: string, steps?: MigrationSteps): Promise<void> {
    const status = this.statusOf(vm);
    if (destination === 'full') refuse('it has no room');
    if (status === 'running' || status === 'suspended') {
      await steps?.switchover().catch((cause: Error) => refuse(cause.message));
    }
    await this.move(vm, ['running', 'suspended', 'migrated'], 'migrated');
    steps?.progress?.(1);
    steps?.took?.({ downtimeMs: 2, totalMs: 10 });
  }

  async receive(vm: VmRef): Promise<string> {
    this.statusOf(vm);
    return 'words';
  }

  async throttle(vm: VmRef, fraction: number): Promise<void> {
    if (!(fraction > 0 && fraction <= 1)) refuse(`${fraction} is no fraction`);
    const status = this.statusOf(vm);
    if (status !== 'running' && status !== 'suspended') refuse(`it is ${status}`);
  }

  async status(vm: VmRef): Promise<VmStatus> {
    return this.statusOf(vm);
  }

  async close(): Promise<void> {}
}

function right(): PluginDefinition {
  const plugin = definePlugin({ kind: 'hypervisor', name: 'words', apiVersion: 1, options, implementation: Words });
  return plugin as unknown as PluginDefinition;
}

/** A hypervisor of which `change` gives some hooks anew; it is called once for each instance. */
function broken(
  law: string,
  mistake: string,
  makeChange: () => (hypervisor: Words) => object,
  also: readonly string[] = [],
): BrokenPlugin {
  return {
    law,
    mistake,
    also,
    given: { refusingDestination: 'full', unknown: { index: 9, name: 'stranger' } },
    plugin: () => {
      const change = makeChange();
      class Broken extends Words {
        constructor(...parts: ConstructorParameters<typeof Words>) {
          super(...parts);
          Object.assign(this, change(this));
        }
      }
      const plugin = definePlugin({
        kind: 'hypervisor',
        name: 'broken',
        apiVersion: 1,
        options,
        implementation: Broken,
      });
      return plugin as unknown as PluginDefinition;
    },
  };
}

function was<K extends 'suspend' | 'throttle' | 'migrate' | 'status' | 'resume'>(of: Words, hook: K): Words[K] {
  return Words.prototype[hook].bind(of) as Words[K];
}

/** Laws that go through the calls that a VM lives through, and so find what is wrong with any of them. */
const LIFE = [
  'takes calls for several VMs at once',
  'keeps apart what two instances manage',
  'gives everything back when it is closed',
];

export const hypervisor: BrokenPlugins = {
  right: [right],
  broken: [
    broken(
      'starts with an empty configuration, and with every option at its bounds',
      'has a table for 63 cores',
      () =>
        ({ options: { cores } }) => {
          if (cores > 63) throw new RangeError('offset is out of bounds');
          return {};
        },
    ),
    broken(
      'does what it is asked, and says so',
      'lets a suspended VM run when it is throttled',
      () => (words) => ({
        async throttle(vm: VmRef, fraction: number) {
          await was(words, 'throttle')(vm, fraction);
          words.vms.set(vm.name, 'running');
        },
      }),
      LIFE,
    ),
    broken(
      'does nothing when it is asked again, and succeeds',
      'toggles between suspended and running',
      () => (words) => ({
        suspend: (vm: VmRef) =>
          words.vms.get(vm.name) === 'suspended' ? was(words, 'resume')(vm) : was(words, 'suspend')(vm),
      }),
      ['does what it is asked, and says so', ...LIFE],
    ),
    broken(
      'refuses what the state of a VM does not allow',
      'starts a stopped VM that it is to resume',
      () => (words) => ({
        resume: (vm: VmRef) => words.move(vm, ['suspended', 'running', 'stopped'], 'running'),
      }),
    ),
    broken('refuses a fraction of CPU time that is none', 'takes percent for fractions', () => (words) => ({
      throttle: (vm: VmRef, fraction: number) => was(words, 'throttle')(vm, fraction > 1 ? fraction / 100 : fraction),
    })),
    broken(
      'leaves a VM where it was when its destination does not take it',
      'stops a VM before it knows',
      () => (words) => ({
        async migrate(vm: VmRef, destination: string, steps?: MigrationSteps) {
          if (destination === 'full') words.vms.set(vm.name, 'stopped');
          await was(words, 'migrate')(vm, destination, steps);
        },
      }),
    ),
    broken(
      'lets a VM change hands once, and waits for it, before the VM has gone',
      'does not wait until it has changed hands',
      () => (words) => ({
        migrate: (vm: VmRef, destination: string, steps?: MigrationSteps) =>
          was(words, 'migrate')(vm, destination, {
            ...steps,
            switchover: () => Promise.race([steps?.switchover(), Promise.resolve()]),
          }),
      }),
      ['keeps a VM that may not change hands'],
    ),
    broken('keeps a VM that may not change hands', 'stops it before it asks', () => (words) => ({
      migrate: (vm: VmRef, destination: string, steps?: MigrationSteps) =>
        was(words, 'migrate')(vm, destination, {
          ...steps,
          switchover: async () => {
            const before = words.vms.get(vm.name) ?? 'stopped';
            words.vms.set(vm.name, 'stopped');
            await steps?.switchover();
            words.vms.set(vm.name, before);
          },
        }),
    })),
    broken('asks for no change of hands of a VM that stays', 'asks before it looks', () => (words) => ({
      async migrate(vm: VmRef, destination: string, steps?: MigrationSteps) {
        await steps?.switchover().catch((cause: Error) => refuse(cause.message));
        await was(words, 'migrate')(vm, destination);
      },
    })),
    broken('tells in fractions how far a VM is, and at the end what it took', 'tells percent', () => (words) => ({
      migrate: (vm: VmRef, destination: string, steps?: MigrationSteps) =>
        was(words, 'migrate')(vm, destination, {
          switchover: async () => steps?.switchover(),
          progress: (fraction) => steps?.progress?.(100 * fraction),
        }),
    })),
    broken('refuses a VM that it does not know', 'says of any VM that it is stopped', () => (words) => ({
      status: async (vm: VmRef) => words.vms.get(vm.name) ?? 'stopped',
    })),
    broken('takes calls for several VMs at once', 'remembers one VM that it is busy with', () => (words) => {
      let busyWith: VmRef | undefined;
      return {
        async suspend(vm: VmRef) {
          busyWith = vm;
          await Promise.resolve();
          await was(words, 'suspend')(busyWith);
        },
      };
    }),
    broken('keeps apart what two instances manage', 'gives a second instance the VMs of the first', () => {
      const busy: Words[] = [];
      return (words) => ({
        move(...parts: Parameters<Words['move']>) {
          if (!busy.includes(words)) busy.push(words);
          words.vms = busy[0].vms;
          return Words.prototype.move.apply(words, parts);
        },
        close: async () => void busy.splice(busy.indexOf(words) >>> 0, 1),
      });
    }),
    broken(
      'gives everything back when it is closed',
      'leaves its lock behind when a VM still runs',
      () => {
        let locked = false;
        return (words) => {
          let holds = false;
          return {
            async move(...parts: Parameters<Words['move']>) {
              if (locked && !holds) refuse('another process has the lock');
              locked = holds = true;
              await Words.prototype.move.apply(words, parts);
            },
            async close() {
              if (holds && ![...words.vms.values()].includes('running')) locked = false;
            },
          };
        };
      },
      [
        'does what it is asked, and says so',
        'does nothing when it is asked again, and succeeds',
        'takes calls for several VMs at once',
        'keeps apart what two instances manage',
      ],
    ),
  ],
};
