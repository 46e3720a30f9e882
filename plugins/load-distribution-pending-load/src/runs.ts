import {
  type Explanation,
  MAX_NICS,
  type MoveLog,
  type NicTable,
  type TransmitBatch,
  type VmTable,
} from '@fairlead/sdk';
import type { NicPace } from './nic-pace.ts';
import { Shifts } from './shifts.ts';

/** Places that flows are kept in, for each team: flows that share one go together, which reorders nothing. */
const FLOW_PLACES = 4096;
/** A flow or a VM that was silent for so long has ended, and may begin anew elsewhere. */
const ENDED_US = 10e6;

/**
 * What goes over one NIC, together: a VM's frames, a flow's, or those of a flowlet, which is a flow's frames with no gap
 * between them (Kandula, Katabi, Sinha & Berger, "Dynamic Load Balancing Without Packet Reordering", 2007). The first
 * frame after a gap goes over the NIC that would be finished with it first. If the gap is longer than the time by
 * which one NIC's queue may be behind another's, nothing is overtaken.
 */
export class Runs {
  readonly #nics: NicTable;
  readonly #vmTeam: Int32Array;
  readonly #pace: NicPace;
  readonly #byVm: boolean;
  readonly #granularity: string;
  readonly #gapUs: number;
  readonly #teams: number;
  /** NIC by place; -1 for a place that nothing was in. */
  readonly #nic: Int32Array;
  readonly #lastUs: Float64Array;
  /** What this batch adds to each NIC. */
  readonly #addedBytes = new Float64Array(MAX_NICS);
  #epoch = -1;
  #available = 0;
  #lastChosen = -1;
  readonly #shifts: Shifts;

  constructor(
    nics: NicTable,
    vms: VmTable,
    pace: NicPace,
    { granularity, gapUs, moves }: { granularity: 'flowlet' | 'flow' | 'vm'; gapUs: number; moves: MoveLog },
  ) {
    this.#nics = nics;
    this.#vmTeam = vms.team;
    this.#pace = pace;
    this.#byVm = granularity === 'vm';
    this.#granularity = granularity;
    this.#gapUs = granularity === 'flowlet' ? gapUs : ENDED_US;
    this.#teams = 1 + vms.team.reduce((highest, team) => Math.max(highest, team), 0);
    const places = this.#byVm ? vms.count : this.#teams * FLOW_PLACES;
    this.#shifts = new Shifts(moves, this.#byVm ? 'VM' : 'flow', this.#teams);
    this.#nic = new Int32Array(places).fill(-1);
    this.#lastUs = new Float64Array(places);
  }

  /** `outranked`: what begins now leaves out the NIC that would be finished first. */
  select({ vm, count, nowUs, bytes, flow, nic: chosen }: TransmitBatch, outranked: boolean): undefined {
    if (this.#nics.epoch !== this.#epoch) this.#look();
    this.#learnPace();
    this.#addedBytes.fill(0);
    const team = Math.min(this.#vmTeam[vm], this.#teams - 1);
    for (let i = 0; i < count; i++) {
      const place = this.#byVm ? vm : team * FLOW_PLACES + (flow[i] & (FLOW_PLACES - 1));
      let nic = this.#nic[place];
      const silentUs = nowUs - this.#lastUs[place];
      if (nic < 0 || ((this.#available >>> nic) & 1) === 0 || silentUs > this.#gapUs) {
        const before = nic;
        nic = this.#soonest(outranked);
        this.#nic[place] = nic;
        // What was silent for so long has ended; what begins in its place has not moved.
        if (before >= 0 && before !== nic && silentUs <= ENDED_US)
          this.#shifts.note(team, vm, ((this.#available >>> before) & 1) === 0, before, nic);
      }
      this.#lastUs[place] = nowUs;
      this.#addedBytes[nic] += bytes[i];
      chosen[i] = nic;
    }
    this.#shifts.tell(nowUs);
  }

  explain(chosen: number): Explanation {
    const { available, availableCount, pendingBytes } = this.#nics;
    const others = [...available.subarray(0, availableCount)].filter((nic) => nic !== chosen);
    return {
      why: `its ${this.#granularity} goes over this NIC, which was finished first when it began`,
      state: { pendingBytes: pendingBytes[chosen] },
      rejected: new Map(others.map((nic) => [nic, `its ${this.#granularity} keeps together`])),
    };
  }

  #look(): void {
    const { available, availableCount, epoch } = this.#nics;
    this.#available = 0;
    for (let k = 0; k < availableCount; k++) this.#available |= 1 << available[k];
    this.#epoch = epoch;
  }

  #learnPace(): void {
    const { count, speedBps } = this.#nics;
    for (let nic = 0; nic < count; nic++) {
      if (speedBps[nic] === this.#pace.learntBps[nic]) continue;
      this.#pace.learn();
      return;
    }
  }

  /** The NIC that would be finished first, or the one after it; those that are equal take turns. */
  #soonest(outranked: boolean): number {
    const { available, availableCount, pendingBytes } = this.#nics;
    let first = 0;
    while (first < availableCount && available[first] <= this.#lastChosen) first++;
    let best = -1;
    let second = -1;
    let [bestUs, secondUs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let k = 0; k < availableCount; k++) {
      const nic = available[(first + k) % availableCount];
      const us = (pendingBytes[nic] + this.#addedBytes[nic]) * this.#pace.usPerByte[nic];
      if (best < 0 || us < bestUs) {
        second = best;
        secondUs = bestUs;
        best = nic;
        bestUs = us;
      } else if (second < 0 || us < secondUs) {
        second = nic;
        secondUs = us;
      }
    }
    this.#lastChosen = outranked && second >= 0 ? second : best;
    return this.#lastChosen;
  }
}
