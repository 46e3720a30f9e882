import type { FrameBurst, LinkStatus, NicContext, NicDriver, Static } from '@fairlead/sdk';
import { definePlugin, inject, Microseconds, Nic, Options, Rate, Type } from '@fairlead/sdk';
import { Answers } from './answers.js';

export const previousNicDriverOptions = Type.Object(
  {
    speedBps: Rate({ default: 1e9, minimum: 1000, description: 'Link speed; the queues of a NIC share it equally.' }),
    delayUs: Microseconds({
      default: 200,
      description: 'Time from the end of a frame to the beginning of its answer.',
    }),
  },
  { additionalProperties: false },
);

/** How far ahead of the line frames are taken, as by the transmit ring of a device; longer than the host looks away. */
const RING_US = 200;

/**
 * A NIC at whose far end everyone answers: each unicast frame comes back with its addresses exchanged. Frames are
 * taken as fast as the line carries them, so that the rest stays with the host and can go over another NIC.
 */
export class PreviousNicDriver implements NicDriver {
  readonly #link: LinkStatus;
  readonly #usPerByte: number;
  readonly #answers: Answers | undefined;
  /** When the line has carried all that was taken. */
  #freeUs = 0;
  /** Whether the last call left frames with the host. */
  #leftFrames = false;

  constructor(
    @inject(Nic) nic: NicContext,
    @inject(Options) private readonly options: Static<typeof previousNicDriverOptions>,
  ) {
    this.#link = { up: true, speedBps: options.speedBps };
    this.#usPerByte = (8e6 * nic.queues) / options.speedBps;
    // Of the instances that serve the queues of one NIC, one alone receives.
    this.#answers = nic.receives ? new Answers() : undefined;
  }

  link(): LinkStatus {
    return this.#link;
  }

  send(burst: FrameBurst): number {
    const { count, nowUs, memory, offset, bytes } = burst;
    let taken = 0;
    while (taken < count && this.#roomUs() <= nowUs) {
      const length = bytes[taken];
      this.#freeUs = Math.max(this.#freeUs, nowUs) + length * this.#usPerByte;
      this.#answers?.push(memory, offset[taken], length, this.#freeUs + this.options.delayUs);
      taken++;
    }
    this.#leftFrames = taken < count;
    return taken;
  }

  receive(burst: FrameBurst): number {
    const answers = this.#answers;
    if (answers === undefined) return 0;
    let count = 0;
    while (count < burst.capacity && answers.dueUs() <= burst.nowUs) {
      burst.bytes[count] = answers.shift(burst.memory, burst.offset[count], burst.maxFrameBytes);
      count++;
    }
    return count;
  }

  nextEventUs(nowUs: number): number {
    const sendUs = this.#leftFrames ? this.#roomUs() : Number.POSITIVE_INFINITY;
    const receiveUs = this.#answers?.dueUs() ?? Number.POSITIVE_INFINITY;
    return Math.max(nowUs, Math.min(sendUs, receiveUs));
  }

  /** When the next frame can be taken. */
  #roomUs(): number {
    return this.#freeUs - RING_US;
  }
}

export default definePlugin({
  kind: 'nic-driver',
  name: 'previous-nic-driver',
  apiVersion: 1,
  options: previousNicDriverOptions,
  implementation: PreviousNicDriver,
  module: import.meta.url,
});
