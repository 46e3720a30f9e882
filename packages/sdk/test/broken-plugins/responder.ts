import {
  type Action,
  definePlugin,
  Options,
  type PluginDefinition,
  type ResponderContext,
  type Signal,
  Vms,
  type VmTable,
} from '../../src/index.ts';
import suspend, { SuspendResponder, suspendOptions } from '../reference/suspend-responder.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugin.ts';
import { brokenPowers, rightPowers } from './responder-powers.ts';

type Respond = SuspendResponder['respond'];

/** A suspend responder whose `respond` is made anew, from how it was; called once for each instance. */
function broken(
  law: string,
  mistake: string,
  makeChange: () => (respond: Respond, vms: VmTable, minConfidence: number) => Respond,
): BrokenPlugin {
  return {
    law,
    mistake,
    plugin: () => {
      const change = makeChange();
      class Broken extends SuspendResponder {
        static override readonly inject = [Options, Vms];
        constructor(options: { minConfidence: number }, vms: VmTable) {
          super(options);
          this.respond = change(SuspendResponder.prototype.respond.bind(this), vms, options.minConfidence);
        }
      }
      const plugin = definePlugin({
        kind: 'responder',
        name: 'broken',
        apiVersion: 1,
        options: suspendOptions,
        implementation: Broken,
      });
      return plugin as unknown as PluginDefinition;
    },
  };
}

/** A responder whose actions differ in something. */
function withActions(differ: (action: Action, signal: Signal, context: ResponderContext) => Partial<Action>) {
  return () => {
    const made = new Map<Action, Action>();
    return (respond: Respond): Respond =>
      async (signal, context) =>
        (await respond(signal, context)).map((action) => {
          const other = made.get(action) ?? { ...action, ...differ(action, signal, context) };
          made.set(action, other);
          return other;
        });
  };
}

export const responder: BrokenPlugins = {
  right: [() => suspend as unknown as PluginDefinition, ...rightPowers],
  broken: [
    ...brokenPowers,
    broken(
      'starts with an empty configuration, and with every option at its bounds',
      'takes no confidence for none given, and throws',
      () => (respond, _vms, minConfidence) => {
        if (minConfidence === 0) throw new TypeError('minConfidence is missing');
        return respond;
      },
    ),
    broken(
      'answers with actions that say what was done and why',
      'gives no reason',
      withActions(() => ({ reason: '' })),
    ),
    broken(
      'takes actions that expire, within their time to live',
      'adds a margin to the time to live',
      withActions((_action, _signal, { nowUs, ttlMs }) => ({ expiresAtUs: nowUs + ttlMs * 1000 + 1 })),
    ),
    broken(
      'acts on the VM of the signal and on no other',
      'takes VM 0 when the signal names none',
      () => (respond) => (signal, context) =>
        respond({ ...signal, vm: signal.vm ?? 0, kind: signal.vm === undefined ? 'attack' : signal.kind }, context),
    ),
    broken(
      'leaves the tables to their writers',
      'marks the VM as suspended itself',
      () => (respond, vms) => async (signal, context) => {
        const actions = await respond(signal, context);
        for (const { vm = 0 } of actions) vms.runState[vm] = 2;
        return actions;
      },
    ),
    broken('does nothing twice about a signal that persists', 'forgets what it has done', () => {
      return (respond) => async (signal, context) => {
        const actions = await respond(signal, context);
        if (actions.length > 0) await context.suspend(actions[0].vm as number);
        return actions;
      };
    }),
    broken('acts again when its action was undone', 'believes that an action stands until it expires', () => {
      return (respond) => {
        const standing = new Map<number, { actions: readonly Action[]; untilUs: number }>();
        return async (signal, context) => {
          const known = standing.get(signal.vm ?? -1);
          const actions =
            known !== undefined && known.untilUs > context.nowUs ? known.actions : await respond(signal, context);
          if (actions.length > 0) standing.set(signal.vm ?? -1, { actions, untilUs: actions[0].expiresAtUs });
          return signal.kind === 'attack' ? actions : respond(signal, context);
        };
      };
    }),
    broken(
      'undoes what it did, once',
      'resumes the VM each time it is told to',
      withActions((action, _signal, context) => ({
        undo: async () => {
          await action.undo();
          await context.resume(action.vm as number).catch(() => undefined);
        },
      })),
    ),
    broken(
      'undoes in peace what it did to a VM that is gone',
      'makes sure that the VM is suspended before it resumes it',
      withActions((action, _signal, context) => {
        let undone = false;
        return {
          undo: async () => {
            if (undone) return;
            undone = true;
            await context.suspend(action.vm as number);
            await action.undo();
          },
        };
      }),
    ),
    broken('claims nothing that the host refused, and tries again', 'does not look at what the host answers', () => {
      return (respond) => (signal, context) =>
        respond(signal, { ...context, suspend: (vm) => context.suspend(vm).catch(() => undefined) });
    }),
    broken('lets an action be undone while it responds', 'remembers one VM, which it is busy with', () => {
      return (respond) => {
        let busyWith = 0;
        return (signal, context) => {
          const { suspend: suspendVm, resume } = context;
          return respond(signal, {
            ...context,
            suspend: (vm) => {
              busyWith = vm;
              return suspendVm(vm);
            },
            resume: () => resume(busyWith),
          });
        };
      };
    }),
    broken(
      'works alike in two instances, which share nothing',
      'marks each signal as seen by the first instance',
      () => {
        const seen = new WeakMap<Signal, Respond>();
        return (respond) => async (signal, context) => {
          if (!seen.has(signal)) seen.set(signal, respond);
          return seen.get(signal) === respond ? respond(signal, context) : [];
        };
      },
    ),
  ],
};
