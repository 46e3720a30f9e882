import { figure, type Group } from '../group.ts';

const FRAMES = 30_000_000;
/** What a host does by default. */
const EVERY = 8192;

/** Making frames and the whole transmit path, with the sampling of what plugins cost and without, slice by slice in turn. */
export const sampling: Group = {
  name: 'sampling',
  about: 'percent that sampling the cost of plugins adds to the transmit path',
  needs: [],
  async open(workshop) {
    const command = [...workshop.script('sampling'), String(FRAMES), String(EVERY)];
    return {
      contenders: [{ name: 'sampled', run: () => workshop.measure('percent', command) }],
      rows: [figure('sampling.percent', '%', 'sampled', { atMost: 1 })],
    };
  },
};
