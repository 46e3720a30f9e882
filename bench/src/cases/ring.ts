import { type Contender, figure, type Group, ratio } from '../group.ts';

const BATCH = 32;
const SECONDS = 1;

/** A ring of 32-bit words between two threads on cores of their own. */
export const ring: Group = {
  name: 'ring',
  about: 'millions of words a second through a ring between two threads, beside C',
  needs: ['two cores'],
  async open(workshop) {
    const shape = [BATCH, SECONDS].map(String);
    const contenders: Contender[] = [
      { name: 'fairlead', run: () => workshop.measure('millionsPerSecond', [...workshop.script('ring'), ...shape]) },
    ];
    if (workshop.has('ring.c_ratio', ['gcc'])) {
      const program = await workshop.peer('ring');
      const peer = (order: string) => () => workshop.measure('millionsPerSecond', [program, ...shape, order]);
      contenders.push({ name: 'c', run: peer('release') }, { name: 'c ordered', run: peer('ordered') });
    }
    return {
      contenders,
      rows: [
        figure('ring.m_per_s', 'M/s', 'fairlead', { atLeast: 300 }),
        ratio('ring.c_ratio', 'fairlead', 'c', { atLeast: 0.4 }),
        ratio('ring.c_ordered_ratio', 'fairlead', 'c ordered', {}),
      ],
    };
  },
};
