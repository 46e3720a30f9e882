import { eightQuiet } from '../memory/doorbell.ts';
import { BURST_FRAMES } from './nic-queues.ts';
import type { Parking } from './parking.ts';
import type { TeamView } from './team-view.ts';
import type { TransmitPath } from './transmit.ts';
import { Turn } from './turn.ts';
import type { Warm } from './warm.ts';

/** Frames staged for each NIC before the drivers are offered them, within one sweep: a full burst on average. */
const DRAIN_EVERY_FRAMES = BURST_FRAMES;
/** From so many words of VMs on (512 VMs) their rings do not fit the caches. */
const WARM_WORDS = 16;

/** What a turn for every VM needs. */
export interface ServeParts {
  /** VMs that have frames and may be served. */
  readonly ready: Int32Array;
  /** VMs that wait for the sake of order. */
  readonly held: Int32Array;
  readonly transmit: TransmitPath;
  readonly teams: TeamView;
  readonly vmCount: number;
  readonly warm: Warm;
  readonly parking: Parking;
  readonly drain: (nowUs: number) => number;
}

/** A turn for every ready VM, beginning behind the last one that sent something. A hot function, as docs/adr/0004 says. */
export function createServeAll(parts: ServeParts): (nowUs: number) => number {
  const { ready, held, transmit, teams, vmCount, warm, parking, drain } = parts;
  const fixed = {
    ready,
    held,
    transmit,
    teams,
    vmCount,
    warm,
    warmWords: WARM_WORDS,
    drainEvery: DRAIN_EVERY_FRAMES,
    parking,
    drain,
    more: Turn.More,
    parked: Turn.Parked,
  };
  /** VM with which the next sweep begins. */
  let cursor = 0;
  return function serveAll(nowUs) {
    const { ready, held, transmit, teams, vmCount, warm, warmWords, drainEvery, parking, drain, more, parked } = fixed;
    const words = ready.length;
    const start = cursor >>> 5;
    const below = (1 << (cursor & 31)) - 1;
    const drainAt = Math.imul(drainEvery, teams.servingCount + 1);
    let work = 0;
    let staged = 0;
    for (let i = 0; i <= words; i++) {
      const at = start + i < words ? start + i : start + i - words;
      if (i > 0 && i + 8 <= words && eightQuiet(ready, at)) {
        i += 7;
        continue;
      }
      let bits = ready[at] & ~held[at];
      // The first word is visited twice: from the cursor on, and at the end up to it.
      if (i === 0) bits &= ~below;
      else if (i === words) bits &= below;
      if (words >= warmWords && bits !== 0) warm(at, bits);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const vm = (at << 5) | bit;
        const turn = transmit.serve(vm, nowUs);
        if (turn !== more) {
          ready[at] &= ~(1 << bit);
          if (turn === parked) parking.park(vm, transmit.retryAtUs, nowUs);
        }
        const { finished } = transmit;
        if (finished === 0) continue;
        cursor = vm + 1 < vmCount ? vm + 1 : 0;
        work = (work + finished) | 0;
        staged = (staged + finished) | 0;
        if (staged >= drainAt) {
          staged = 0;
          drain(nowUs);
        }
      }
    }
    return work;
  };
}
