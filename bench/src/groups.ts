import { afpacket } from './cases/afpacket.ts';
import { forward } from './cases/forward.ts';
import { ring } from './cases/ring.ts';
import { transmit } from './cases/transmit.ts';
import type { Group } from './group.ts';

/** Every group, in the order in which they run. */
export const groups: readonly Group[] = [transmit, ring, afpacket, forward];
