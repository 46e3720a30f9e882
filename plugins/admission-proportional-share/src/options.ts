import { Microseconds, Size, type Static, Type } from '@fairlead/sdk';

/** Options of proportional share. What a VM may have is said in its row: reservation, limit, shares, priority. */
export const options = Type.Object(
  {
    targetUs: Microseconds({
      default: 1000,
      minimum: 10,
      maximum: 100_000,
      description:
        "How much waits on each NIC's queue, as time at the NIC's speed. More than three times the time between sweeps.",
    }),
    leastBytes: Size({
      default: 6072,
      minimum: 1518,
      maximum: 2 ** 20,
      description: 'What may wait on each NIC at least, however slow it is. More than two of the longest frames.',
    }),
    targetFrames: Type.Integer({
      default: 384,
      minimum: 4,
      maximum: 2 ** 20,
      description: "What may wait on each NIC at most, in frames. Less than half the NIC's queue.",
    }),
    burstUs: Microseconds({
      default: 1000,
      minimum: 100,
      maximum: 1_000_000,
      description: 'For how long a VM may save up what its limit or reservation allows; two full frames at least.',
    }),
  },
  { additionalProperties: false },
);

/** The options, with defaults in place: times in microseconds, sizes in bytes. */
export type ProportionalShareOptions = Static<typeof options>;
