import { type Contender, figure, type Group, type RowPlan, ratio } from '../group.ts';
import type { Workshop } from '../workshop.ts';

const FRAMES = 6_000_000;
const VMS = 4;
const NICS = 2;
const IN_FLIGHT = 128;
const SOURCES = ['transmit.c', 'transmit_fused.c', 'transmit_staged.c'];

/** The whole transmit path, 64-byte frames in batches of 32: on one core, and with the producer on another. */
export const transmit: Group = {
  name: 'transmit',
  about: 'nanoseconds per frame through the transmit path, beside C and beside the same steps fused by hand',
  needs: [],
  async open(workshop) {
    const shape = [FRAMES, VMS, NICS, IN_FLIGHT].map(String);
    const ours = (script: string, of = 'nsPerFrame') => ({
      run: () => workshop.measure(of, [...workshop.script(script), ...shape]),
    });
    const contenders: Contender[] = [
      { name: 'product', ...ours('transmit-product') },
      { name: 'fused', ...ours('transmit-fused') },
    ];
    if (workshop.has('transmit.c_ratio', ['gcc'])) {
      contenders.push(...(await peers(workshop, shape)));
      contenders.push({ name: 'product two-core', ...ours('transmit-two-core', 'mframesPerSecond') });
    }
    return { contenders, rows };
  },
};

const rows: readonly RowPlan[] = [
  figure('transmit.ns_per_frame', 'ns', 'product', { atMost: 20 }),
  ratio('transmit.c_ratio', 'product', 'c staged', { atMost: 1.5 }),
  ratio('transmit.plugin_tax', 'product', 'fused', { atMost: 1.3 }),
  ratio('transmit.two_core_c_ratio', 'product two-core', 'c staged two-core', { atLeast: 0.5 }),
  ratio('transmit.fused_c_ratio', 'fused', 'c staged', {}),
];

async function peers(workshop: Workshop, shape: readonly string[]): Promise<Contender[]> {
  const program = await workshop.peer('transmit', SOURCES);
  return [
    { name: 'c staged', run: () => workshop.measure('nsPerFrame', [program, 'staged', 'one', ...shape]) },
    {
      name: 'c staged two-core',
      run: () => workshop.measure('mframesPerSecond', [program, 'staged', 'two', ...shape]),
    },
  ];
}
