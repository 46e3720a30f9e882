import { Milliseconds, type Static, Type } from '@fairlead/sdk';

/** How much of the traffic the detectors are shown. */
export const observeSchema = Type.Object(
  {
    everyFrameBelowFps: Type.Number({
      default: 200_000,
      minimum: 0,
      maximum: 1e12,
      description:
        'frames per second up to which a worker shows detectors every frame; above it, those of some slices of time',
    }),
    oneSliceIn: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 64,
      description: 'of so many slices of a busy worker one is shown, drawn anew each time; 1: every frame, always',
    }),
    sliceMs: Milliseconds({
      default: 250,
      minimum: 1,
      maximum: 60_000,
      description:
        'length of a slice, at most; shorter where so many would not fit into the shortest window of a detector',
    }),
  },
  { additionalProperties: false, default: {}, description: 'how much of the traffic detectors are shown' },
);

/** How much of the traffic the detectors are shown. */
export type ObserveConfig = Static<typeof observeSchema>;
