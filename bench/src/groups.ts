import { afpacket } from './cases/afpacket.ts';
import { detect } from './cases/detect.ts';
import { forward } from './cases/forward.ts';
import { idle } from './cases/idle.ts';
import { mistakes } from './cases/mistakes.ts';
import { qemuStream } from './cases/qemu-stream.ts';
import { ring } from './cases/ring.ts';
import { sampling } from './cases/sampling.ts';
import { scale } from './cases/scale.ts';
import { transmit } from './cases/transmit.ts';
import type { Group } from './group.ts';

/** Every group, in the order in which they run. */
export const groups: readonly Group[] = [
  transmit,
  sampling,
  detect,
  scale,
  ring,
  afpacket,
  forward,
  qemuStream,
  idle,
  mistakes,
];
