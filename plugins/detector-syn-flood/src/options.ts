import { Type } from '@fairlead/sdk';

/** Options of the detector. */
export const synFloodOptions = Type.Object(
  {
    a: Type.Number({
      default: 0.35,
      minimum: 0.01,
      maximum: 100,
      description: 'What a window may have open beyond its mean, as a part of the mean; more adds up.',
    }),
    n: Type.Number({
      default: 1.05,
      minimum: 0.01,
      maximum: 1000,
      description: 'The sum beyond which a flood is signalled: three windows of twice a.',
    }),
    floorSyns: Type.Integer({
      default: 50,
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'A VM with fewer connections in a window that came to nothing is left alone.',
    }),
    weight: Type.Number({
      default: 0.1,
      minimum: 0.001,
      maximum: 1,
      description: 'What one window counts for in the mean.',
    }),
    activeResets: Type.Number({
      default: 0.75,
      minimum: 0,
      maximum: 1,
      description: 'Part of the resets that are taken for the answer to a SYN.',
    }),
  },
  { additionalProperties: false },
);
