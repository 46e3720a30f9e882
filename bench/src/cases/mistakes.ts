import { type Contender, figure, type Group, type RowPlan, ratio } from '../group.ts';
import { KERNELS } from '../mistakes.ts';

const BATCHES = 50_000;
const GOOD = 'as it should be';

/** A load distribution with one usual mistake each, beside itself without. */
export const mistakes: Group = {
  name: 'mistakes',
  about: 'nanoseconds per frame of a load distribution with a usual mistake, beside the same without',
  needs: [],
  async open(workshop) {
    const names = Object.keys(KERNELS);
    const contenders = names.map((name): Contender => {
      const command = [...workshop.script('mistakes'), name, String(BATCHES)];
      return { name, run: () => workshop.measure('nsPerFrame', command) };
    });
    const rows = names.flatMap((name): RowPlan[] => {
      const row = `mistakes.${name.replaceAll(' ', '_')}`;
      return name === GOOD ? [figure(`${row}_ns`, 'ns', name, {})] : [ratio(row, name, GOOD, {})];
    });
    return { contenders, rows };
  },
};
