import { Rate, Type } from '@fairlead/sdk';

/** Options of the detector. */
export const volumeOptions = Type.Object(
  {
    alpha: Type.Number({
      default: 1,
      minimum: 0.1,
      maximum: 1000,
      description: 'How far above its mean a measure is too much: 1 is twice the mean.',
    }),
    windows: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1000,
      description: 'Windows one after the other that a measure is too much before it is signalled.',
    }),
    weight: Type.Number({
      default: 0.1,
      minimum: 0.001,
      maximum: 1,
      description: 'What one window counts for in the mean.',
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
      description: 'Windows of too much after which it is taken for the new mean.',
    }),
    floorBps: Rate({ default: 50e6, minimum: 1, description: 'A VM with fewer bits per second is left alone.' }),
    floorFps: Type.Number({
      default: 10_000,
      minimum: 1,
      maximum: 1e12,
      description: 'A VM with fewer frames per second is left alone.',
    }),
    floorFlowsPerS: Type.Number({
      default: 500,
      minimum: 1,
      maximum: 1e12,
      description: 'A VM with fewer new flows per second is left alone.',
    }),
    answerRatio: Type.Number({
      default: 8,
      minimum: 0,
      maximum: 1000,
      description:
        'Frames of TCP connections that one in the other direction answers: growth that is answered so is a crowd. 0 holds nothing for one.',
    }),
    crowdRest: Type.Number({
      default: 0.25,
      minimum: 0,
      maximum: 10,
      description: 'What else may come with a crowd, as a part of its growth: resets, look-ups.',
    }),
    crowdRatio: Type.Number({
      default: 3,
      minimum: 1,
      maximum: 1000,
      description:
        'Bytes, frames and new flows that grew alike within this factor, as did the frames of the other direction, are a crowd of more of the same.',
    }),
    crowds: Type.Boolean({ default: false, description: 'Signal crowds as well, with half the confidence.' }),
  },
  { additionalProperties: false },
);
