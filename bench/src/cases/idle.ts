import { type Contender, figure, type Group } from '../group.ts';
import { background } from '../process.ts';
import { openVeths } from '../veths.ts';

const SECONDS = 5;
const TRIES = 50;
const START_MS = 10_000;

/** A host that has nothing to do, and the first frame that comes then. */
export const idle: Group = {
  name: 'idle',
  about: 'percent of a core that a host without traffic uses, and microseconds until a frame is through it',
  needs: ['linux', 'root', 'ip'],
  async open(workshop) {
    const veths = await openVeths(workshop, [
      ['n0', 'w0'],
      ['n1', 'w1'],
    ]);
    const host = (seconds: number, interfaces: readonly string[]): string[] =>
      veths.inside([...workshop.script('idle'), workshop.directory, String(seconds), ...interfaces]);
    try {
      const contenders: Contender[] = [
        { name: 'asleep', run: () => workshop.measure('corePercent', host(SECONDS, ['n0', 'n1'])) },
      ];
      if (workshop.has('idle.wake_us', ['gcc'])) {
        const probe = await workshop.peer('wake_probe');
        for (const direction of ['out', 'in']) {
          const command = [probe, direction, `${workshop.directory}/guest0.sock`, 'w0', String(TRIES)];
          const run = async (): Promise<number> => {
            const woken = await background(host(0, ['n0']), START_MS, 'ready');
            try {
              return await workshop.measure('medianUs', veths.inside(command));
            } finally {
              await woken.end();
            }
          };
          contenders.push({ name: direction, run });
        }
      }
      return {
        contenders,
        rows: [
          figure('idle.core_percent', '%', 'asleep', { atMost: 2 }),
          figure('idle.wake_us', 'µs', 'out', { atMost: 1000 }),
          figure('idle.wake_in_us', 'µs', 'in', { atMost: 1000 }),
        ],
        close: veths.close,
      };
    } catch (cause) {
      await veths.close();
      throw cause;
    }
  },
};
