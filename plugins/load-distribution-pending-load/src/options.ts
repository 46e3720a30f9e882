import { Microseconds, Size, Type } from '@fairlead/sdk';

/** Options of pending load. */
export const pendingLoadOptions = Type.Object(
  {
    grainBytes: Size({
      default: 1514,
      minimum: 1,
      description: 'Bytes a NIC may get ahead of the runner-up before the choice is made anew.',
    }),
    granularity: Type.Union(
      [Type.Literal('frame'), Type.Literal('flowlet'), Type.Literal('flow'), Type.Literal('vm')],
      { default: 'frame', description: 'What goes over one NIC: each frame by itself, a flowlet, a flow, or a VM.' },
    ),
    flowletGapUs: Microseconds({
      default: 20_000,
      description: 'A flow that was silent for longer may go over another NIC, for `granularity: flowlet`.',
    }),
    priority: Type.Boolean({
      default: false,
      description: 'Leave the least loaded NIC to the VMs of the highest priority that is sending.',
    }),
    priorityHoldUs: Microseconds({
      default: 10_000,
      description: 'How long after its last frame a VM still counts as sending, for `priority`.',
    }),
    reservations: Type.Boolean({
      default: false,
      description: 'Keep a VM that has a reservation on one NIC with that much capacity unreserved.',
    }),
  },
  { additionalProperties: false },
);
