import { type Contender, figure, type Group, ratio } from '../group.ts';
import { startOpenVswitch } from '../open-vswitch.ts';
import { type Background, background } from '../process.ts';
import { openVeths, type Veths } from '../veths.ts';
import type { Workshop } from '../workshop.ts';

const SECONDS = 2;
/** Longer than a measurement lasts, start included; the load is ended with it. */
const LOAD_SECONDS = 30;
const BATCH = 64;
/** The load is made on one core, whoever forwards runs on the other. */
const LOAD_CPU = 0;
const FORWARD_CPU = 1;
const START_MS = 10_000;

/**
 *   load ── g0 ═══ p0 ── whoever forwards ── p1 ═══ s0 ── counted
 */
export const forward: Group = {
  name: 'forward',
  about: 'frames a second from one interface to another, beside Open vSwitch in userspace',
  needs: ['linux', 'root', 'gcc', 'ip', 'taskset', 'two cores'],
  async open(workshop) {
    const veths = await openVeths(workshop, [
      ['g0', 'p0'],
      ['p1', 's0'],
    ]);
    try {
      const control = await workshop.peer('afpacket_forward');
      const load = await workshop.peer('forward_load');
      const contenders: Contender[] = [];
      const add = (name: string, start: () => Promise<Background>): void => {
        contenders.push({ name, run: () => underLoad(workshop, veths, load, start) });
      };
      const pinned = ['taskset', '-c', String(FORWARD_CPU)];
      const ours = [...pinned, ...workshop.script('forward'), 'p0', 'p1'];
      add('fairlead', () => background(veths.inside(ours), START_MS, 'ready'));
      if (workshop.has('forward.ovs_ratio', ['ovs-vswitchd'])) {
        add('ovs', () => startOpenVswitch(workshop, veths, { from: 'p0', to: 'p1', cpu: FORWARD_CPU }));
      }
      const inC = [control, 'p0', 'p1', String(BATCH), String(FORWARD_CPU)];
      add('c', () => background(veths.inside(inC), START_MS, 'ready'));
      for (const base of ['none', 'loop']) {
        const cost = [...pinned, ...workshop.script('forward-cost'), 'p0', 'p1', base, String(SECONDS)];
        contenders.push({ name: `beyond ${base}`, run: () => costUnderLoad(workshop, veths, load, cost) });
      }
      return {
        contenders,
        rows: [
          ratio('forward.ovs_ratio', 'fairlead', 'ovs', { atLeast: 1.3 }),
          figure('forward.policy_percent', '%', 'beyond none', { atMost: 3 }),
          figure('forward.pipeline_percent', '%', 'beyond loop', {}),
          ratio('forward.c_ratio', 'fairlead', 'c', {}),
        ],
        close: veths.close,
      };
    } catch (cause) {
      await veths.close();
      throw cause;
    }
  },
};

/** Frames a second that arrive at s0 while a forwarder runs; it runs alone, else frames would arrive twice. */
async function underLoad(
  workshop: Workshop,
  veths: Veths,
  load: string,
  start: () => Promise<Background>,
): Promise<number> {
  const forwarder = await start();
  try {
    const command = [load, 'g0', 's0', String(SECONDS), String(BATCH), String(LOAD_CPU)];
    return await workshop.measure('framesPerSecond', veths.inside(command));
  } finally {
    await forwarder.end();
  }
}

/** What a frame costs more, while there is always one waiting. */
async function costUnderLoad(workshop: Workshop, veths: Veths, load: string, cost: readonly string[]): Promise<number> {
  const command = [load, 'g0', 's0', String(LOAD_SECONDS), String(BATCH), String(LOAD_CPU)];
  const loading = await background(veths.inside(command), START_MS);
  try {
    return await workshop.measure('percent', veths.inside(cost));
  } finally {
    await loading.end();
  }
}
