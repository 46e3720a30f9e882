import type { Random } from '@fairlead/sdk';
import type { Packet } from '../traffic/packet.ts';
import { Loss, type LossSettings } from './loss.ts';
import { PacketQueue } from './packet-queue.ts';

/** One direction of the network behind a NIC. */
export interface PathSettings extends LossSettings {
  /** The slowest link of the path, in bit/s; Infinity: none that matters. */
  readonly rateBps: number;
  /** Room of the queue in front of that link, in bytes. */
  readonly queueBytes: number;
  readonly delayUs: number;
}

/**
 * One direction of the network behind a NIC: a queue of so many bytes that loses what does not fit (drop-tail), a link
 * that empties it at its rate, chance, and a delay. Packets keep their order.
 */
export class Path {
  readonly queue = new PacketQueue();
  /** Frames that were sent into it, and what became of them; the rest is on its way. */
  acceptedFrames = 0;
  acceptedBytes = 0;
  deliveredFrames = 0;
  lostByChance = 0;
  lostByFullQueue = 0;
  readonly #loss: Loss;
  #settings: PathSettings;
  #busyUntilUs = 0;
  #lastDueUs = 0;

  constructor(random: Random, settings: PathSettings) {
    this.#settings = settings;
    this.#loss = new Loss(random, settings);
  }

  get settings(): PathSettings {
    return this.#settings;
  }

  /** Changes it, for what is sent from now on. */
  set(settings: Partial<PathSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#loss.set(this.#settings);
  }

  /** Sends a packet that comes at `atUs`. False: it was lost. */
  send(packet: Packet, atUs: number): boolean {
    const { rateBps, queueBytes, delayUs } = this.#settings;
    this.acceptedFrames++;
    this.acceptedBytes += packet.bytes;
    let leftUs = atUs;
    if (rateBps !== Number.POSITIVE_INFINITY) {
      const backlogBytes = ((this.#busyUntilUs - atUs) * rateBps) / 8e6;
      if (backlogBytes > 0 && backlogBytes + packet.bytes > queueBytes) {
        this.lostByFullQueue++;
        return false;
      }
      leftUs = Math.max(this.#busyUntilUs, atUs) + (packet.bytes * 8e6) / rateBps;
      this.#busyUntilUs = leftUs;
    }
    if (this.#loss.isLost()) {
      this.lostByChance++;
      return false;
    }
    // A delay that was shortened does not let packets overtake.
    this.#lastDueUs = Math.max(this.#lastDueUs, leftUs + delayUs);
    this.queue.push(packet, this.#lastDueUs);
    return true;
  }

  /** Takes off the packet that has arrived. */
  deliver(packet: Packet): void {
    this.queue.shift(packet);
    this.deliveredFrames++;
  }
}
