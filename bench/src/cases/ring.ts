import { figure, type Group } from '../group.ts';

const BATCH = 32;
const SECONDS = 1;

/** A ring of 32-bit words between two threads on cores of their own. */
export const ring: Group = {
  name: 'ring',
  about: 'millions of words a second through a ring between two threads, beside C',
  needs: ['gcc', 'two cores'],
  async open(workshop) {
    const program = await workshop.peer('ring');
    return {
      contenders: [
        { name: 'c', run: () => workshop.measure('millionsPerSecond', [program, String(BATCH), String(SECONDS)]) },
      ],
      rows: [figure('ring.c_m_per_s', 'M/s', 'c', {})],
    };
  },
};
