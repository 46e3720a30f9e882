import { type Contender, type Group, ratio } from '../group.ts';
import type { Workshop } from '../workshop.ts';

const FRAMES = 20_000_000;
const VMS = 4;
const NICS = 2;
const SOURCES = ['transmit.c', 'transmit_fused.c', 'transmit_staged.c'];

/** The whole transmit path, 64-byte frames in batches of 32, on one core. */
export const transmit: Group = {
  name: 'transmit',
  about: 'nanoseconds per frame through the transmit path, beside C and beside the same steps fused by hand',
  needs: [],
  async open(workshop) {
    const shape = [FRAMES, VMS, NICS].map(String);
    const contenders: Contender[] = [
      { name: 'fused', run: () => workshop.measure('nsPerFrame', [...workshop.script('transmit-fused'), ...shape]) },
    ];
    if (workshop.has('transmit.c_ratio', ['gcc'])) contenders.push(...(await peers(workshop, shape)));
    return {
      contenders,
      rows: [
        ratio('transmit.fused_c_ratio', 'fused', 'c fused', {}),
        ratio('transmit.fused_staged_ratio', 'fused', 'c staged', {}),
      ],
    };
  },
};

async function peers(workshop: Workshop, shape: readonly string[]): Promise<Contender[]> {
  const program = await workshop.peer('transmit', SOURCES);
  return ['fused', 'staged'].map((variant) => ({
    name: `c ${variant}`,
    run: () => workshop.measure('nsPerFrame', [program, variant, 'one', ...shape]),
  }));
}
