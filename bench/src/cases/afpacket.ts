import { type Group, figure } from '../group.ts';
import { openVeths } from '../veths.ts';

const FRAMES = 1_000_000;
const BATCH = 64;

/** Sending on a virtual Ethernet interface whose other end drops what arrives. */
export const afpacket: Group = {
  name: 'afpacket',
  about: 'frames a second out of an interface, beside the same sendmmsg loop in C',
  needs: ['linux', 'root', 'gcc', 'ip'],
  async open(workshop) {
    const veths = await openVeths(workshop, [['g0', 'p0']]);
    try {
      const program = await workshop.peer('afpacket_send');
      const command = veths.inside([program, 'g0', String(FRAMES), String(BATCH)]);
      return {
        contenders: [{ name: 'c', run: () => workshop.measure('framesPerSecond', command) }],
        rows: [figure('afpacket.c_frames_per_s', '/s', 'c', {})],
        close: veths.close,
      };
    } catch (cause) {
      await veths.close();
      throw cause;
    }
  },
};
