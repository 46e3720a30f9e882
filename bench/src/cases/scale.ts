import { type Group, ratio } from '../group.ts';

const FRAMES = 4_000_000;
/** Alike in both, so that the frames themselves are as warm: four VMs' rings, full. */
const IN_FLIGHT = 1024;

/** The cost per frame with 10,000 VMs and 16 NICs, beside that with 4 VMs and 2 NICs. */
export const scale: Group = {
  name: 'scale',
  about: 'the cost per frame with 10,000 VMs and 16 NICs, beside 4 VMs and 2 NICs',
  needs: [],
  async open(workshop) {
    const cost = (vms: number, nics: number) => () =>
      workshop.measure('nsPerFrame', [
        ...workshop.script('transmit-product'),
        ...[FRAMES, vms, nics, IN_FLIGHT].map(String),
      ]);
    return {
      contenders: [
        { name: '10,000 VMs', run: cost(10_000, 16) },
        { name: '4 VMs', run: cost(4, 2) },
      ],
      rows: [ratio('scale.vms_ratio', '10,000 VMs', '4 VMs', { atMost: 1.3 })],
    };
  },
};
