import type { Group } from '../group.ts';

const FRAMES = 6_000_000;

/**
 * The transmit path of a busy worker with every bundled detector beside it, and the same frames through it without. The
 * detectors are shown slices of time, as they are by default, or every frame, as they are of a worker that is not busy.
 */
export const detect: Group = {
  name: 'detect',
  about: 'nanoseconds per frame that the bundled detectors add to the transmit path, all together',
  needs: [],
  async open(workshop) {
    const path = (...watching: string[]) => ({
      run: () => workshop.measure('nsPerFrame', [...workshop.script('detect'), String(FRAMES), ...watching]),
    });
    return {
      contenders: [
        { name: 'watched', ...path('all') },
        { name: 'every-frame', ...path('every-frame', 'all') },
        { name: 'unwatched', ...path() },
      ],
      rows: [
        {
          name: 'detect.ns_per_frame',
          unit: 'ns',
          ours: 'watched',
          peer: 'unwatched',
          aim: { atMost: 8 },
          value: (round) => round['watched'] - round['unwatched'],
        },
        {
          name: 'detect.every_frame_ns',
          unit: 'ns',
          ours: 'every-frame',
          peer: 'unwatched',
          aim: {},
          value: (round) => round['every-frame'] - round['unwatched'],
        },
      ],
    };
  },
};
