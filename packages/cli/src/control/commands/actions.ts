import type { ActionRecord, Host } from '@fairlead/core';
import { FairleadError, Type } from '@fairlead/sdk';
import { controlCommand } from '../command.ts';

const closed = { additionalProperties: false } as const;
const vm = Type.Optional(Type.String({ minLength: 1, description: 'name of a VM' }));

export const actionCommands = [
  controlCommand({
    name: 'action.list',
    args: Type.Object(
      { vm, history: Type.Boolean({ default: false, description: 'also those that ended or were withheld' }) },
      closed,
    ),
    run: ({ host }, { vm, history }) => ({ nowUs: host.nowUs, actions: about(host, vm, history) }),
  }),
  controlCommand({
    name: 'action.undo',
    args: Type.Object(
      {
        id: Type.Optional(Type.Integer({ minimum: 1, description: 'number of an action; all that stand otherwise' })),
        vm,
      },
      closed,
    ),
    run: async ({ host }, { id, vm }) => {
      if (id !== undefined && vm !== undefined) throw oneOfBoth();
      const ids = id === undefined ? about(host, vm, false).map((action) => action.id) : [id];
      // One that ends by itself meanwhile is as good as undone.
      await Promise.all(
        ids.map((each) => (id === undefined ? host.signals.undo(each).catch(unlessGone) : host.signals.undo(each))),
      );
      const actions = host.signals.history().filter((action) => ids.includes(action.id));
      return { nowUs: host.nowUs, actions };
    },
  }),
];

function about(host: Host, vm: string | undefined, history: boolean): ActionRecord[] {
  if (vm !== undefined) host.vms.index(vm); // a name that no VM has is a slip, not an empty answer
  const actions = history ? host.signals.history() : host.signals.actions();
  return actions.filter((action) => vm === undefined || action.vm === vm);
}

function unlessGone(cause: unknown): void {
  if ((cause as Partial<FairleadError>).code !== 'FAIRLEAD_ERR_UNKNOWN_ACTION') throw cause;
}

function oneOfBoth(): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', 'an action is named and a VM, too', {
    where: 'action.undo args',
    mend: 'name one of them',
  });
}
