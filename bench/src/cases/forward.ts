import { type Contender, type Group, ratio } from '../group.ts';
import { startOpenVswitch } from '../open-vswitch.ts';
import { type Background, background } from '../process.ts';
import { openVeths, type Veths } from '../veths.ts';
import type { Workshop } from '../workshop.ts';

const SECONDS = 2;
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
      add('c', () =>
        background(veths.inside([control, 'p0', 'p1', String(BATCH), String(FORWARD_CPU)]), START_MS, 'ready'),
      );
      if (workshop.has('forward.ovs_ratio', ['ovs-vswitchd'])) {
        add('ovs', () => startOpenVswitch(workshop, veths, { from: 'p0', to: 'p1', cpu: FORWARD_CPU }));
      }
      return { contenders, rows: [ratio('forward.c_ovs_ratio', 'c', 'ovs', {})], close: veths.close };
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
