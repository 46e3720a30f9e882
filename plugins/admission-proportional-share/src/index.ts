import {
  type AdmissionPolicy,
  definePlugin,
  type Explanation,
  inject,
  type Lifecycle,
  MAX_NICS,
  Nics,
  type NicTable,
  Options,
  type StateOrigin,
  type TransmitBatch,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { explainVerdict, type Standing } from './explain.ts';
import { FairQueueing } from './fair-queueing.ts';
import { NicRoom } from './nic-room.ts';
import { options, type ProportionalShareOptions } from './options.ts';
import { CLASSES, classOf, Precedence } from './precedence.ts';
import { type BucketState, RateBuckets } from './rate-buckets.ts';
import { ANYWHERE, VmHomes } from './vm-homes.ts';

export { options, type ProportionalShareOptions } from './options.ts';

/** Where a VM's frames may go: anywhere, or over one of the NICs. */
const PLACES = 1 + MAX_NICS;

/**
 * Shares the NICs between the VMs: what is reserved goes first, then the highest priority, and among VMs of the same by
 * shares; none beyond its limit. It keeps the NICs' queues short, so that who may go is decided here and not by who
 * finds room.
 *
 * @example
 * ```ts
 * import { ProportionalShare } from '@fairlead/admission-proportional-share';
 * import { testBatch, testNics, testVms } from '@fairlead/sdk/testing';
 *
 * const options = { targetUs: 1000, leastBytes: 6072, targetFrames: 384, burstUs: 1000 };
 * const policy = new ProportionalShare(testNics([1e9]), testVms([{ shares: 3 }, { shares: 1 }]), options);
 * const batch = testBatch([1514, 1514]);
 * policy.sweep(batch.nowUs);
 * policy.admit(batch);
 * console.log(batch.queuedFrom); // 2: there is room for both
 * ```
 */
export class ProportionalShare implements AdmissionPolicy, Lifecycle {
  readonly #vms: VmTable;
  readonly #clockUs = new Float64Array(1);
  readonly #room: NicRoom;
  readonly #limits: RateBuckets;
  readonly #reserves: RateBuckets;
  readonly #reservations: FairQueueing;
  readonly #shares: FairQueueing;
  readonly #precedence = new Precedence();
  readonly #homes: VmHomes;
  /** What the VM of the last batch had before it: tokens of limit and reservation, tags of reservation and shares. */
  readonly #before = new Float64Array(4);

  constructor(
    @inject(Nics) nics: NicTable,
    @inject(Vms) vms: VmTable,
    @inject(Options) options: ProportionalShareOptions,
  ) {
    this.#vms = vms;
    this.#room = new NicRoom(nics, options, this.#clockUs);
    this.#limits = new RateBuckets(vms.limitBps, vms.burstBytes, options.burstUs, this.#clockUs);
    this.#reserves = new RateBuckets(vms.reservationBps, new Float64Array(vms.count), options.burstUs, this.#clockUs);
    // Reservations are one class, whatever the priorities.
    this.#reservations = new FairQueueing(vms.reservationBps, PLACES);
    this.#shares = new FairQueueing(vms.shares, CLASSES * PLACES);
    this.#homes = new VmHomes(nics, vms, this.#clockUs);
    this.sweep(0);
  }

  sweep(nowUs: number): undefined {
    this.#clockUs[0] = nowUs;
    this.#room.renew();
    this.#homes.learn();
    this.#reservations.sweep();
    this.#shares.sweep();
    this.#precedence.sweep();
  }

  /** Admits from the front what the VM's limit, its reservation and its share allow; the rest waits. Nothing is dropped. */
  admit(batch: TransmitBatch): undefined {
    const vm = batch.vm;
    this.#clockUs[0] = batch.nowUs;
    this.#homes.learn();
    const room = this.#room;
    room.measure(this.#homes.of[vm], this.#homes.inhabited);
    if (room.flooded && this.#homes.flooded(vm)) room.measure(ANYWHERE, this.#homes.inhabited);
    this.#homes.watch(vm, room.overfull);
    this.#limits.refill(vm);
    this.#reserves.refill(vm);

    const place = 1 + this.#homes.of[vm];
    const rank = classOf(this.#vms.priority[vm]);
    const group = rank * PLACES + place;
    this.#reservations.join(vm, place, room.reservedBytes, room.targetBytes * 2);
    this.#shares.join(vm, group, room.sharesBytes, room.targetBytes);

    const i = this.#admitFront(batch, batch.count, rank, place);
    if (i === batch.count) {
      if (batch.backlog > i) {
        this.#shares.leave(vm);
        this.#precedence.leave(rank, place);
      }
    } else if (!conforms(this.#limits, vm, batch.bytes[i])) {
      batch.queueFrom(i, batch.nowUs + this.#limits.waitUs(vm, batch.bytes[i]));
    } else {
      if (conforms(this.#reserves, vm, batch.bytes[i])) this.#reservations.refuse(vm, place);
      this.#shares.refuse(vm, group);
      this.#precedence.leave(rank, place);
      batch.queueFrom(i, 0);
    }
  }

  /** Its buckets are empty: what it had saved up it has had where it came from. A debt of an earlier stay is not forgiven. */
  arrive(vm: number, nowUs: number): undefined {
    this.#clockUs[0] = nowUs;
    this.#limits.empty(vm);
    this.#reserves.empty(vm);
  }

  /**
   * What is in the buckets of limits and reservations, so that a swap gives nobody a burst twice. Who was given more than
   * others is forgotten: all start level, as they do whenever nobody had to wait.
   */
  exportState(): { limits: BucketState; reserves: BucketState } {
    return { limits: this.#limits.copy(), reserves: this.#reserves.copy() };
  }

  importState(state: unknown, from: StateOrigin): undefined {
    if (from.name !== 'proportional-share') return;
    const { limits, reserves } = (state ?? {}) as { limits?: unknown; reserves?: unknown };
    this.#limits.take(limits);
    this.#reserves.take(reserves);
  }

  /** Goes through the batch once more, as far as the frame, from what the VM had before it. */
  explain(batch: TransmitBatch, i: number): Explanation {
    const { vm, queuedFrom, bytes } = batch;
    const place = 1 + this.#homes.of[vm];
    const rank = classOf(this.#vms.priority[vm]);
    const columns = [this.#limits.tokens, this.#reserves.tokens, this.#reservations.tag, this.#shares.tag];
    const before = this.#before.slice();
    const after = columns.map((column) => column[vm]);
    for (const [k, column] of columns.entries()) column[vm] = before[k];
    const ahead = Math.min(i, queuedFrom);
    this.#admitFront(batch, ahead, rank, place);
    const [limitTokens, reserveTokens, reservedTag, sharesTag] = columns.map((column) => column[vm]);
    for (const [k, column] of columns.entries()) column[vm] = after[k];
    this.#before.set(before);
    const sent = bytes.subarray(0, ahead).reduce((sum, size) => sum + size, 0);
    const standing: Standing = {
      behind: i > queuedFrom,
      bytes: bytes[i],
      limit: { tokens: limitTokens, depth: this.#limits.depthBytes[vm] },
      reserve: { tokens: reserveTokens, depth: this.#reserves.depthBytes[vm] },
      reservedTurn: reservedTag <= this.#reservations.ceiling[place],
      sharesTurn: sharesTag <= this.#shares.ceiling[rank * PLACES + place],
      outranked: this.#precedence.isOutranked(rank, place),
      reservedRoomBytes: this.#room.reservedBytes - sent,
      sharesRoomBytes: this.#room.sharesBytes - sent,
      anyRoomBytes: this.#room.anyBytes - sent,
    };
    return explainVerdict(standing);
  }

  /** Charges for the first `count` frames, as far as they may go, and returns how many do. */
  #admitFront({ vm, bytes }: TransmitBatch, count: number, rank: number, place: number): number {
    const limitBytes = this.#limits.depthBytes[vm];
    const reserveBytes = this.#reserves.depthBytes[vm];
    const reservedCeiling = this.#reservations.ceiling[place];
    const sharesCeiling = this.#shares.ceiling[rank * PLACES + place];
    const reservation = this.#reservations.weight[vm];
    const shares = this.#shares.weight[vm];
    let allowed = this.#limits.tokens[vm];
    let reserve = this.#reserves.tokens[vm];
    let reservedTag = this.#reservations.tag[vm];
    let sharesTag = this.#shares.tag[vm];
    const before = this.#before;
    before[0] = allowed;
    before[1] = reserve;
    before[2] = reservedTag;
    before[3] = sharesTag;
    let reservedRoom = this.#room.reservedBytes;
    let sharesRoom = this.#precedence.isOutranked(rank, place) ? 0 : this.#room.sharesBytes;
    let anyRoom = this.#room.anyBytes;
    let i = 0;
    for (; i < count; i++) {
      const size = bytes[i];
      if (allowed < size && allowed < limitBytes) break;
      if ((reserve >= size || reserve >= reserveBytes) && reservedRoom > 0 && reservedTag <= reservedCeiling) {
        reserve -= size;
        reservedTag += size / reservation;
      } else if (anyRoom > 0 || (sharesRoom > 0 && sharesTag <= sharesCeiling)) {
        sharesTag += size / shares;
      } else {
        break;
      }
      allowed -= size;
      reservedRoom -= size;
      sharesRoom -= size;
      anyRoom -= size;
    }
    this.#limits.tokens[vm] = allowed;
    this.#reserves.tokens[vm] = reserve;
    // Where nobody waited there is nothing to be fair about: nobody is to pay later for what no one else wanted.
    if (reservedCeiling < Number.POSITIVE_INFINITY) this.#reservations.tag[vm] = reservedTag;
    if (sharesCeiling < Number.POSITIVE_INFINITY) this.#shares.tag[vm] = sharesTag;
    return i;
  }
}

/** True when a frame of `bytes` may go as far as a bucket is concerned. */
function conforms(buckets: RateBuckets, vm: number, bytes: number): boolean {
  return buckets.tokens[vm] >= bytes || buckets.tokens[vm] >= buckets.depthBytes[vm];
}

/**
 * The plugin: `admission: { use: proportional-share }`.
 *
 * @example
 * ```ts
 * import proportionalShare from '@fairlead/admission-proportional-share';
 * import { createHost, use } from '@fairlead/core';
 *
 * const builder = createHost().admit(use(proportionalShare, { targetUs: '2ms' }));
 * ```
 */
export default definePlugin({
  kind: 'admission',
  name: 'proportional-share',
  apiVersion: 1,
  options,
  implementation: ProportionalShare,
  module: import.meta.url,
});
