import { type Composition, type Host, type NicStatus, NicTotals } from '@fairlead/core';
import { DROP_REASON_COUNT } from '@fairlead/sdk';
import { offeredBytesOf } from './guests.ts';

/** A VM's counters at one time. */
export interface VmSample {
  readonly name: string;
  readonly state: string;
  /** Bytes the guest wanted to send; undefined when only the guest knows. */
  readonly offeredBytes: number | undefined;
  readonly txBytes: number;
  readonly rxBytes: number;
  readonly backlogFrames: number;
  readonly droppedFrames: number;
  /** Infinity: none. */
  readonly limitBps: number;
}

/** A NIC's counters at one time. */
export interface NicSample {
  readonly name: string;
  readonly state: string;
  readonly speedBps: number;
  readonly txBytes: number;
  readonly rxBytes: number;
  readonly pendingBytes: number;
  readonly droppedFrames: number;
}

/** All counters of a host at one time. */
export interface Sample {
  readonly atUs: number;
  readonly vms: readonly VmSample[];
  readonly nics: readonly NicSample[];
  /** Frames dropped since the start, both ways, each frame once; by `DROP_REASONS`. */
  readonly drops: Float64Array;
}

/** Reads a host's counters, as often as it is asked; the forwarding workers do not notice. */
export class Sampler {
  readonly #host: Host;
  readonly #totals: NicTotals;
  readonly #offered: ReturnType<typeof offeredBytesOf>;

  constructor(host: Host, composition: Composition) {
    this.#host = host;
    this.#totals = new NicTotals(host.arena.handle.memory, host.arena.layout);
    this.#offered = offeredBytesOf(host, composition);
  }

  take(): Sample {
    const drops = new Float64Array(DROP_REASON_COUNT);
    const host = this.#host;
    const vms = host.vms.list().map(({ name, index, state, backlogFrames, transmittedBytes, rxBytes }): VmSample => {
      const limitBps = host.arena.vms.limitBps[index];
      const offeredBytes = this.#offered[index]?.();
      const droppedFrames = this.#dropsOfVm(index, drops);
      return { name, state, offeredBytes, txBytes: transmittedBytes, rxBytes, backlogFrames, droppedFrames, limitBps };
    });
    const nics = host.nics.list().map((nic): NicSample => {
      const { name, speedBps, txBytes, rxBytes, pendingBytes } = nic;
      const droppedFrames = this.#dropsOfNic(nic.index, drops);
      return { name, state: wordFor(nic), speedBps, txBytes, rxBytes, pendingBytes, droppedFrames };
    });
    return { atUs: host.nowUs, vms, nics, drops };
  }

  #dropsOfVm(vm: number, drops: Float64Array): number {
    const { dropped, refused, rxDropped } = this.#host.arena.vms;
    let sum = 0;
    for (let reason = 0; reason < DROP_REASON_COUNT; reason++) {
      const at = vm * DROP_REASON_COUNT + reason;
      const frames = dropped[at] + refused[at] + rxDropped[at];
      drops[reason] += frames;
      sum += frames;
    }
    return sum;
  }

  /** What a NIC refused on the way out is among its VM's drops already, so only the other way is added to `drops`. */
  #dropsOfNic(nic: number, drops: Float64Array): number {
    let sum = 0;
    for (let reason = 0; reason < DROP_REASON_COUNT; reason++) {
      const inbound = this.#totals.read('rxDropped', nic, reason);
      drops[reason] += inbound;
      sum += inbound + this.#totals.read('dropped', nic, reason);
    }
    return sum;
  }
}

function wordFor({ state, available, failover, role, admin }: NicStatus): string {
  if (failover) return 'failover';
  if (state === 'down') return admin ? 'down' : 'disabled';
  return available ? 'up' : role;
}
