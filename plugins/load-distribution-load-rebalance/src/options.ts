import { Milliseconds, Type } from '@fairlead/sdk';

/** Options of load-rebalance: what is moved, how often that is considered, and from which load on. */
export const loadRebalanceOptions = Type.Object(
  {
    granularity: Type.Union([Type.Literal('vm'), Type.Literal('bucket')], {
      default: 'vm',
      description: 'What is moved: VMs, or buckets of flows, 256 of them.',
    }),
    intervalMs: Milliseconds({
      default: 30_000,
      minimum: 1,
      description: 'Over how long load is averaged, and how often moves are considered.',
    }),
    thresholdPercent: Type.Number({
      default: 75,
      minimum: 0,
      maximum: 100,
      description: 'Moves are considered while a NIC has at least so much of its speed to carry.',
    }),
    load: Type.Union([Type.Literal('tx'), Type.Literal('rx')], {
      default: 'tx',
      description: 'What is measured: what is sent, or what is received, which is known of VMs alone.',
    }),
  },
  { additionalProperties: false },
);
