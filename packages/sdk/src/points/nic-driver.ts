import type { FrameBurst } from '../batch.ts';

/** Which NIC a driver instance serves. */
export interface NicContext {
  /** NIC number, the row in `NicTable`. */
  readonly index: number;
  /** Name of the NIC, as the configuration has it. */
  readonly name: string;
  /** This instance's transmit queue. With several forwarding workers each has a queue, and an instance, of its own. */
  readonly queue: number;
  /** Transmit queues of the NIC: one for each forwarding worker. */
  readonly queues: number;
  /**
   * `data` instances move frames in a forwarding worker; a `control` instance, on the host's thread, only reports the
   * link. Under the inline runtime one `both` instance does both.
   */
  readonly role: 'data' | 'control' | 'both';
  /** Only one data instance receives; the others only send. */
  readonly receives: boolean;
  /**
   * 64 numbers in shared memory that all instances of one NIC see, zero at first, for state that the control side
   * sets and the data side obeys.
   */
  readonly shared: Float64Array;
}

/** What a driver says of its link. */
export interface LinkStatus {
  /** True when frames can be sent. */
  readonly up: boolean;
  /** Speed in bit/s; 0 when the device does not say. */
  readonly speedBps: number;
}

/**
 * How do frames reach a physical NIC? `send` and `receive` run in the data path: no allocation, no throw, no wait.
 * `open`, `close` and `link` are control path. A `send` or `receive` that throws takes the NIC down and is reported;
 * the frames it had not taken go over another NIC.
 *
 * @example
 * ```ts
 * import { type FrameBurst, inject, type LinkStatus, Nic, type NicContext, type NicDriver } from '@fairlead/sdk';
 *
 * // A NIC that takes everything and gives nothing: for measuring what is in front of it.
 * class Sink implements NicDriver {
 *   #bytes = 0;
 *
 *   constructor(@inject(Nic) readonly nic: NicContext) {}
 *
 *   link(): LinkStatus {
 *     return { up: true, speedBps: 10e9 };
 *   }
 *
 *   send(burst: FrameBurst): number {
 *     for (let i = 0; i < burst.count; i++) this.#bytes += burst.bytes[i];
 *     return burst.count;
 *   }
 *
 *   receive(): number {
 *     return 0;
 *   }
 * }
 * ```
 */
export interface NicDriver {
  /** Called once before any other hook. A rejection keeps the host from starting. */
  open?(): Promise<void>;
  /** Called once after the last hook; must give back everything, also after a failed `open`, or none. */
  close?(): Promise<void>;
  /** Called every 10 ms (`linkPollMs`) on a control or both instance, a fifth as often while the host is at rest. */
  link(): LinkStatus;
  /**
   * Takes frames from the front of the burst and returns how many it is finished with: their slots are used again at
   * once. A frame that the device will never take is consumed with `burst.fail(i)`, and counts as taken. 0 means no
   * room now. The burst may be empty. Nothing of it is written but through `fail`.
   */
  send(burst: FrameBurst): number;
  /**
   * Writes up to `burst.capacity` received frames to the given slots, their lengths to `burst.bytes`, and returns how
   * many. Frames longer than `burst.maxFrameBytes` are cut to `maxFrameBytes + 1` so that the host counts them.
   */
  receive(burst: FrameBurst): number;
  /**
   * Asks to call `wake` once when frames may be waiting. The host calls it before it goes to sleep, and the returned
   * function when it is awake again: then `wake` is called no more. A driver without it is polled every millisecond.
   */
  arm?(wake: () => void): () => void;
  /**
   * When, on the virtual clock, `send` may take or `receive` may give something next: `nowUs` at the earliest, Infinity
   * when nothing is under way. While the link is up and frames were left waiting at the last `send`, something is.
   */
  nextEventUs?(nowUs: number): number;
}
