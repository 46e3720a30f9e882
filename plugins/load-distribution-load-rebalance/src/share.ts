import type { NicTable, Static, VmTable } from '@fairlead/sdk';
import type { Board } from './balance.ts';
import type { Meter } from './meter.ts';
import type { loadRebalanceOptions } from './options.ts';
import { Places } from './places.ts';

/** As in Open vSwitch (BOND_MASK in ofproto/bond.c). */
export const BUCKETS = 256;

/** What is balanced among the NICs of one team. */
export interface Share extends Board {
  readonly places: Places;
  /** Units that may still be moved by the loads of the last interval. */
  movesLeft: number;
  /** True when an interval is over. */
  isDue(nowUs: number): boolean;
  /** Takes down the load of each unit in the interval that ends now, in bit/s, and begins another. */
  take(nowUs: number): void;
}

export function shareOf(
  nics: NicTable,
  vms: VmTable,
  team: number,
  meter: Meter,
  { granularity, load, intervalMs }: Static<typeof loadRebalanceOptions>,
): Share {
  if (granularity === 'bucket') return new BucketShare(nics, meter, team * BUCKETS, intervalMs * 1000);
  return new VmShare(nics, vms, team, load === 'tx' ? meter : undefined, intervalMs * 1000);
}

abstract class TimedShare implements Share {
  readonly places: Places;
  readonly load: Float64Array;
  readonly units: number;
  movesLeft = 0;
  readonly #intervalUs: number;
  #sinceUs = -1;

  constructor(nics: NicTable, units: number, intervalUs: number) {
    this.places = new Places(nics, units);
    this.load = new Float64Array(units);
    this.units = units;
    this.#intervalUs = intervalUs;
  }

  placeOf(unit: number): number {
    return this.places.placeOf(unit);
  }

  move(unit: number, to: number): void {
    this.places.move(unit, to);
  }

  isDue(nowUs: number): boolean {
    if (this.#sinceUs < 0) this.#sinceUs = nowUs;
    return nowUs - this.#sinceUs >= this.#intervalUs;
  }

  take(nowUs: number): void {
    const bitsPerByteSecond = 8e6 / (nowUs - this.#sinceUs);
    for (let unit = 0; unit < this.units; unit++) this.load[unit] = this.takeBytes(unit) * bitsPerByteSecond;
    this.#sinceUs = nowUs;
  }

  /** Bytes of a unit since this was last asked. */
  protected abstract takeBytes(unit: number): number;
}

class BucketShare extends TimedShare {
  readonly #bytes: Float64Array;
  readonly #first: number;

  constructor(nics: NicTable, { bytes }: Meter, first: number, intervalUs: number) {
    super(nics, BUCKETS, intervalUs);
    this.#bytes = bytes;
    this.#first = first;
  }

  protected takeBytes(bucket: number): number {
    const bytes = this.#bytes[this.#first + bucket];
    this.#bytes[this.#first + bucket] = 0;
    return bytes;
  }
}

class VmShare extends TimedShare {
  readonly #vms: VmTable;
  readonly #team: number;
  /** Undefined: what is received counts, which the host's table has. */
  readonly #sent: Float64Array | undefined;
  readonly #seen: Float64Array;

  constructor(nics: NicTable, vms: VmTable, team: number, meter: Meter | undefined, intervalUs: number) {
    super(nics, vms.count, intervalUs);
    this.#vms = vms;
    this.#team = team;
    this.#sent = meter?.bytes;
    // Counted from now on: what VMs have received before is no load of the first interval.
    this.#seen = this.#sent === undefined ? Float64Array.from(vms.rxBytes) : new Float64Array(vms.count);
  }

  protected takeBytes(vm: number): number {
    if (this.#vms.team[vm] !== this.#team) return 0;
    const counted = this.#sent?.[vm] ?? this.#vms.rxBytes[vm];
    const bytes = counted - this.#seen[vm];
    this.#seen[vm] = counted;
    return bytes;
  }
}
