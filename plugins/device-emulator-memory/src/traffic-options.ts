import { Microseconds, Rate, Size, type Static, Type } from '@fairlead/sdk';

/** What a simulated guest sends of its own accord. */
export const trafficOptions = Type.Object(
  {
    rateBps: Rate({
      default: 100e6,
      exclusiveMinimum: 0,
      description: 'Offered load, in bits of whole frames; while on, for on-off.',
    }),
    frameBytes: Size({
      default: 1514,
      minimum: 60,
      maximum: 65_535,
      description: 'Length of every frame, without FCS.',
    }),
    pattern: Type.Union([Type.Literal('constant'), Type.Literal('poisson'), Type.Literal('on-off')], {
      default: 'constant',
      description: 'Equal gaps; exponentially distributed gaps; or equal gaps within on times, silence between them.',
    }),
    onUs: Microseconds({ default: 10_000, exclusiveMinimum: 0, description: 'Length of an on time of on-off.' }),
    offUs: Microseconds({ default: 10_000, description: 'Length of the silence between two on times of on-off.' }),
    destination: Type.String({ default: '02:00:00:ff:ff:01', description: 'Destination MAC.' }),
    source: Type.Optional(Type.String({ description: "Source MAC; the VM's own when left out." })),
    flows: Type.Integer({
      default: 16,
      minimum: 1,
      maximum: 16_384,
      description: 'UDP flows taken in turn, one source port each.',
    }),
    waitingFrames: Type.Integer({
      default: 1000,
      minimum: 0,
      description: 'Frames the guest holds while its ring is full; more are lost in it.',
    }),
  },
  { additionalProperties: false },
);

/** What a simulated guest sends, with defaults in place: the rate in bit/s, sizes in bytes, times in microseconds. */
export type TrafficOptions = Static<typeof trafficOptions>;
