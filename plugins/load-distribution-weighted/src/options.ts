import { Type } from '@fairlead/sdk';

/** Options of weighted: the weight of each NIC, and what goes over one of them. */
export const weightedOptions = Type.Object(
  {
    weights: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1e6 }), {
      default: {},
      description: 'Weight by NIC name, 1 for those left out; 0: only while no NIC with a weight is available.',
    }),
    per: Type.Union([Type.Literal('frame'), Type.Literal('flow'), Type.Literal('vm')], {
      default: 'flow',
      description: 'What goes over one NIC: every frame by itself, a flow, or a VM.',
    }),
  },
  { additionalProperties: false },
);
