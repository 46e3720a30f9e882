import type { FrameBurst } from '../batch.ts';
import type { DropReason } from '../verdict.ts';

/**
 * The host's side of one virtual NIC: a ring towards the host and one towards the VM. Used on one thread only. Nothing
 * that is pushed here can harm another VM: lengths are checked, rings are bounded, a full ring is told, not waited for.
 */
export interface VnicPort {
  /** Name of the VM, or of the port that several share. */
  readonly name: string;
  /** VM number, or -1 when several VMs are behind this port and the source MAC tells them apart. */
  readonly vm: number;
  /** MAC addresses of the VMs behind this port, six bytes each. */
  readonly macs: readonly Uint8Array[];
  /** Longest frame that fits a slot of the host, in bytes without FCS. */
  readonly maxFrameBytes: number;
  /** Frames that can be pushed now. */
  room(): number;
  /**
   * Copies one frame, `source[start] … source[end - 1]`, into the ring. A frame shorter than a header or longer than
   * `maxFrameBytes` is counted under its reason and gone (true). False: no room, and nothing was counted; try later.
   */
  push(source: Uint8Array, start: number, end: number): boolean;
  /** Counts one frame that could not be read from the device at all. */
  refuse(reason: DropReason): void;
  /** Makes pushed frames visible to the host. Once per batch, not per frame. */
  flush(): void;
  /**
   * Lists received frames that wait for the VM in `burst` (offset and bytes; nothing is copied) and returns how many.
   * The same frames are listed again until `release`.
   */
  pull(burst: FrameBurst): number;
  /** The VM has taken the first `count` pulled frames. */
  release(count: number): void;
  /** A burst over the frame pool, for `pull`. */
  createBurst(capacity: number): FrameBurst;
}

/**
 * How does a VM see its virtual NIC? One instance per virtual NIC, on the host's own thread, so that a guest's
 * connection outlives a forwarding worker. The guest is not trusted: whatever it sends ends as a frame or as a count
 * under a reason, within bounded memory.
 *
 * @example
 * ```ts
 * import { type DeviceEmulator, type FrameBurst, inject, Port, type VnicPort } from '@fairlead/sdk';
 *
 * // A guest that sends every frame back as it came.
 * class Mirror implements DeviceEmulator {
 *   readonly #burst: FrameBurst;
 *
 *   constructor(@inject(Port) private readonly port: VnicPort) {
 *     this.#burst = port.createBurst(32);
 *   }
 *
 *   poll(): number {
 *     const count = this.port.pull(this.#burst);
 *     let sent = 0;
 *     for (; sent < count; sent++) {
 *       const start = this.#burst.offset[sent];
 *       if (!this.port.push(this.#burst.memory, start, start + this.#burst.bytes[sent])) break;
 *     }
 *     this.port.flush();
 *     this.port.release(sent);
 *     return Number.POSITIVE_INFINITY; // only a received frame brings the next call
 *   }
 * }
 * ```
 */
export interface DeviceEmulator {
  /** Called once before any other hook. A rejection keeps the host from starting. */
  open?(): Promise<void>;
  /** Called once after the last hook; must give back everything, also after a failed `open`, or none. */
  close?(): Promise<void>;
  /**
   * Moves frames both ways and returns when, in microseconds, it wants to be called again at the latest: `nowUs` at the
   * earliest, Infinity when only a received frame or a `wake` should bring the next call. Must not block, and must end:
   * it moves a bounded number of frames, however many there are, and asks to be called at once for the rest. While the
   * port has no room it waits for a while between two calls. What it pushes it flushes, here and in events of its own.
   */
  poll(nowUs: number): number;
  /** Gives the function by which an event-driven device asks for a `poll` soon. Called once, after `open`. */
  attach?(wake: () => void): void;
  /**
   * Tells the device that its VM was suspended or resumed, for devices that model the guest itself: nothing is pushed
   * between `setRunning(false)` and `setRunning(true)`. Called with false before the VM is started.
   */
  setRunning?(running: boolean): void;
}
