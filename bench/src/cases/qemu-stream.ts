import path from 'node:path';
import { figure, type Group } from '../group.ts';

const SECONDS = 2;

/** What one guest's socket brings into a host, and through it to a NIC. */
export const qemuStream: Group = {
  name: 'qemu_stream',
  about: 'millions of 64-byte frames a second from one QEMU stream socket through a whole host',
  needs: ['two cores'],
  async open(workshop) {
    const socket = path.join(workshop.directory, 'guest.sock');
    const command = [...workshop.script('qemu-stream'), socket, String(SECONDS)];
    return {
      contenders: [{ name: 'fairlead', run: () => workshop.measure('millionsPerSecond', command) }],
      rows: [figure('qemu_stream.m_per_s', 'M/s', 'fairlead', { atLeast: 1 })],
    };
  },
};
