import { Type } from '@fairlead/sdk';

/** Options of the detector. */
export const heavyHittersOptions = Type.Object(
  {
    share: Type.Number({
      default: 0.5,
      minimum: 0.01,
      maximum: 1,
      description: "Part of a VM's frames in one direction that one address may have.",
    }),
    floorFps: Type.Number({
      default: 20_000,
      minimum: 1,
      maximum: 1e12,
      description: 'A VM with fewer frames per second in that direction is left alone.',
    }),
    windows: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1000,
      description: 'Windows one after the other that an address has too much before it is signalled.',
    }),
    answerRatio: Type.Number({
      default: 8,
      minimum: 0,
      maximum: 1000,
      description:
        'Frames of a TCP connection that one in the other direction answers: those of a peer that is answered so are not counted. 0 counts all.',
    }),
    counters: Type.Integer({
      default: 8,
      minimum: 2,
      maximum: 64,
      description:
        'Addresses that are counted for each VM and direction; a count is wrong by one part in so many at most.',
    }),
  },
  { additionalProperties: false },
);
