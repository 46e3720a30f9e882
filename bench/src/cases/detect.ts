import type { Group } from '../group.ts';

const FRAMES = 6_000_000;

/** The transmit path with every bundled detector beside it, and the same frames through it without. */
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
      ],
    };
  },
};
