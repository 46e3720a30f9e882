import { DROP_REASON_COUNT, DropReason, ETHERNET_HEADER_BYTES, FrameBurst, type NicDriver } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { MacTable } from '../memory/mac-table.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import type { Delivery } from './delivery.ts';
import { BURST_FRAMES } from './nic-queues.ts';
import { wrongCount } from './plugin-failure.ts';
import type { SampledCalls } from './sampled-calls.ts';
import type { TeamView } from './team-view.ts';

const NOBODY = -1;

/**
 * What arrives on one NIC: a burst from the driver, each frame to the VM whose MAC it names, a group address to all VMs
 * of the team. A frame that a local VM sent has come back by another NIC or by a loop, and is dropped; so is a group
 * frame that another member of the team receives as well.
 */
export class ReceivePath {
  readonly #arena: Arena;
  readonly #enter: Enter;
  readonly #worker: number;
  readonly #nic: number;
  /** All drivers: the one of this NIC is replaced when it fails. */
  readonly #drivers: readonly NicDriver[];
  readonly #macs: MacTable;
  readonly #teams: TeamView;
  readonly #delivery: Delivery;
  readonly #driverFailed: (nic: number, hook: string, cause: unknown) => void;
  readonly #burst: FrameBurst;
  readonly #sampled: SampledCalls;
  /** Slots that wait for frames, as many as a burst; refilled from the pool. */
  readonly #slots = new Int32Array(BURST_FRAMES);
  #held = 0;

  constructor(
    arena: Arena,
    worker: number,
    nic: number,
    drivers: readonly NicDriver[],
    macs: MacTable,
    teams: TeamView,
    delivery: Delivery,
    driverFailed: (nic: number, hook: string, cause: unknown) => void,
    sampled: SampledCalls,
  ) {
    this.#sampled = sampled;
    this.#arena = arena;
    this.#enter = arena.threads.createEnter(worker);
    this.#worker = worker;
    this.#nic = nic;
    this.#drivers = drivers;
    this.#macs = macs;
    this.#teams = teams;
    this.#delivery = delivery;
    this.#driverFailed = driverFailed;
    this.#burst = new FrameBurst(arena.pool.memory, BURST_FRAMES, arena.pool.maxFrameBytes);
  }

  /** Takes one burst from the NIC; returns how many frames arrived. */
  poll(nowUs: number): number {
    const { pool } = this.#arena;
    const burst = this.#burst;
    while (this.#held < BURST_FRAMES) {
      const slot = pool.allocate();
      if (slot < 0) return 0; // the pool is empty: frames wait in the NIC, where its own limits apply
      this.#slots[this.#held] = slot;
      burst.offset[this.#held++] = pool.offset(slot);
    }
    burst.nowUs = nowUs;
    let received = 0;
    this.#enter(Phase.Receive, this.#nic);
    try {
      const driver = this.#drivers[this.#nic] as NicDriver;
      const sampled = this.#sampled;
      received = --sampled.receiving.left > 0 ? driver.receive(burst) : sampled.receive(driver, this.#nic, burst);
    } catch (cause) {
      this.#driverFailed(this.#nic, 'receive', cause);
    }
    this.#enter(Phase.Core, this.#nic);
    if (received !== 0 && !(received > 0 && received <= BURST_FRAMES))
      this.#driverFailed(this.#nic, 'receive', wrongCount('receive', received, BURST_FRAMES));
    if (!(received > 0)) return 0;
    if (received > BURST_FRAMES) received = BURST_FRAMES;
    this.#accept(received | 0);
    return received | 0;
  }

  /** Gives back the slots that wait for frames. */
  rest(): void {
    for (let i = 0; i < this.#held; i++) this.#arena.pool.free(this.#slots[i]);
    this.#held = 0;
  }

  #accept(received: number): void {
    const { nics, pool } = this.#arena;
    const { bytes, offset } = this.#burst;
    const slots = this.#slots;
    let total = 0;
    let kept = 0;
    for (let i = 0; i < received; i++) {
      const length = bytes[i];
      total += length;
      // A slot whose frame was dropped or copied is ready for the next one.
      if (!this.#forward(slots[i], length)) {
        slots[kept] = slots[i];
        offset[kept++] = pool.offset(slots[i]);
      }
    }
    for (let i = received; i < this.#held; i++) {
      slots[kept] = slots[i];
      offset[kept++] = pool.offset(slots[i]);
    }
    this.#held = kept;
    nics.rxFrames[this.#nic] += received;
    nics.rxBytes[this.#nic] += total;
  }

  /** True when the slot went with the frame. */
  #forward(slot: number, length: number): boolean {
    const { nics, pool } = this.#arena;
    if (length < ETHERNET_HEADER_BYTES) return this.#drop(DropReason.Runt);
    if (length > pool.maxFrameBytes) return this.#drop(DropReason.Oversize);
    const word = slot * pool.wordsPerSlot;
    const { words } = pool;
    const source = this.#macs.lookupSource(words[word + 2], words[word + 3] & 0xffff);
    if (source >= 0 && this.#teams.reflects(source, this.#nic)) return this.#drop(DropReason.Reflected);
    const first = words[word] >>> 16;
    const descriptor = pool.descriptor(slot, length);
    if ((first & 1) !== 0) {
      if (this.#isForHost(word, true)) return this.#toHost(descriptor);
      const teams = this.#teams.groupTeams(this.#nic);
      if (teams === 0) return this.#drop(DropReason.Duplicate);
      nics.rxForwardedFrames[this.#nic]++;
      this.#delivery.flood(descriptor, NOBODY, teams);
      return false;
    }
    const vm = this.#macs.lookup(first, words[word + 1]);
    if (vm < 0 || !this.#teams.receives(vm, this.#nic)) {
      return vm < 0 && this.#isForHost(word, false) ? this.#toHost(descriptor) : this.#drop(DropReason.NoDestination);
    }
    nics.rxForwardedFrames[this.#nic]++;
    this.#delivery.deliver(vm, descriptor);
    return true;
  }

  /** True when the control path listens to frames like the one in the slot at `word`. */
  #isForHost(word: number, group: boolean): boolean {
    const type = this.#arena.pool.words[word + 3] >>> 16;
    return this.#arena.hostRings.isListenedTo(((type & 0xff) << 8) | (type >>> 8), group);
  }

  #toHost(descriptor: number): boolean {
    const { hostRings, nics, threads } = this.#arena;
    if (!hostRings.put(hostRings.inbound(this.#worker), descriptor, this.#nic)) return this.#drop(DropReason.RingFull);
    nics.rxForwardedFrames[this.#nic]++;
    threads.wake(threads.deviceThread);
    return true;
  }

  #drop(reason: DropReason): false {
    this.#arena.nics.rxDropped[this.#nic * DROP_REASON_COUNT + reason]++;
    return false;
  }
}
