import { Type } from '@fairlead/sdk';

/** Options of the detector. */
export const entropyOptions = Type.Object(
  {
    floorFrames: Type.Integer({
      default: 2000,
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'A VM with fewer frames in a window, in that direction, is left alone.',
    }),
    shift: Type.Number({
      default: 0.1,
      minimum: 0.001,
      maximum: 1,
      description: 'How far from its mean the entropy, from 0 to 1, must be at least.',
    }),
    width: Type.Number({
      default: 4,
      minimum: 0.1,
      maximum: 1000,
      description: 'How many of its standard deviations it must be from its mean.',
    }),
    windows: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 1000,
      description: 'Windows one after the other that it is, before it is signalled.',
    }),
    weight: Type.Number({
      default: 0.1,
      minimum: 0.001,
      maximum: 1,
      description: 'What one window counts for in the mean and the deviation.',
    }),
    learnWindows: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 100_000,
      description: 'Windows that a VM is watched for before anything is said of it.',
    }),
    relearnWindows: Type.Integer({
      default: 600,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Windows out of the band after which the entropy is taken for the new mean.',
    }),
  },
  { additionalProperties: false },
);
