import { MAX_NICS, type MoveLog } from '@fairlead/sdk';

/** What moves by itself is told as sums, so often at most. */
const TELL_EVERY_US = 1e6;
const WAYS = MAX_NICS * MAX_NICS;

/** How many flows or VMs went from one NIC to another, until that is told. */
export class Shifts {
  readonly #log: MoveLog;
  readonly #unit: 'flow' | 'VM';
  /** By team, whether the NIC was gone, NIC before and NIC after. */
  readonly #count: Int32Array;
  /** The VM, where it was only one. */
  readonly #vm: Int32Array;
  #untold = 0;
  #tellAtUs = 0;

  constructor(log: MoveLog, unit: 'flow' | 'VM', teams: number) {
    this.#log = log;
    this.#unit = unit;
    this.#count = new Int32Array(teams * 2 * WAYS);
    this.#vm = new Int32Array(teams * 2 * WAYS);
  }

  /** One of them has moved; `gone`: it had to. */
  note(team: number, vm: number, gone: boolean, from: number, to: number): void {
    const way = (team * 2 + (gone ? 1 : 0)) * WAYS + from * MAX_NICS + to;
    this.#count[way]++;
    this.#vm[way] = vm;
    this.#untold++;
  }

  /** Tells what there is to tell, behind a batch. */
  tell(nowUs: number): void {
    if (this.#untold === 0 || nowUs < this.#tellAtUs) return;
    this.#tellAtUs = nowUs + TELL_EVERY_US;
    this.#untold = 0;
    for (let way = 0; way < this.#count.length; way++) if (this.#count[way] > 0) this.#tellOf(way);
  }

  #tellOf(way: number): void {
    const count = this.#count[way];
    this.#count[way] = 0;
    const which =
      this.#unit === 'VM' && count === 1
        ? { vm: this.#vm[way] }
        : { what: `${count} ${this.#unit}${count === 1 ? '' : 's'}` };
    const kind = Math.floor(way / WAYS);
    this.#log.moved({
      team: kind >> 1,
      ...which,
      from: [Math.floor((way % WAYS) / MAX_NICS)],
      to: [way % MAX_NICS],
      cause: (kind & 1) === 1 ? 'their NIC is not available' : 'behind a gap, another one was finished first',
    });
  }
}
