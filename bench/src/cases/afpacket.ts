import { type Group, ratio } from '../group.ts';
import { openVeths } from '../veths.ts';

const FRAMES = 500_000;
const BATCH = 64;

/** Sending on a virtual Ethernet interface whose other end drops what arrives. */
export const afpacket: Group = {
  name: 'afpacket',
  about: 'frames a second out of an interface by the af-packet driver, beside the same sendmmsg loop in C',
  needs: ['linux', 'root', 'gcc', 'ip'],
  async open(workshop) {
    const veths = await openVeths(workshop, [['g0', 'p0']]);
    try {
      const program = await workshop.peer('afpacket_send');
      const shape = ['g0', String(FRAMES), String(BATCH)];
      const sending = (command: readonly string[]) => () =>
        workshop.measure('framesPerSecond', veths.inside([...command, ...shape]));
      return {
        contenders: [
          { name: 'fairlead', run: sending(workshop.script('afpacket-send')) },
          { name: 'c', run: sending([program]) },
        ],
        rows: [ratio('afpacket.c_ratio', 'fairlead', 'c', { atLeast: 0.9 })],
        close: veths.close,
      };
    } catch (cause) {
      await veths.close();
      throw cause;
    }
  },
};
