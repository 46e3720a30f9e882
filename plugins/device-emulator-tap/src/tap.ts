import {
  type DeviceEmulator,
  type FrameBurst,
  inject,
  type Log,
  Logger,
  Options,
  Port,
  type Static,
  type VnicPort,
} from '@fairlead/sdk';
import { linux } from './linux.ts';
import type { tapOptions } from './options.ts';
import { openTap } from './tap-interface.ts';
import { GONE, NOT_NOW, REFUSED, TapQueue } from './tap-queue.ts';

/** Frames each way in one `poll`, so that one VM's traffic does not keep the thread from the others'. */
const FRAMES_A_POLL = 256;

/** A ring without room is asked again after this long, and then ever less often: an idle host stays idle. */
const FIRST_RETRY_US = 100;
const LAST_RETRY_US = 10_000;

/**
 * A Linux tap: what the kernel (or a VM's program) sends over the interface comes from the VM.
 *
 * @example
 * ```ts
 * import tap, { type Tap } from '@fairlead/device-emulator-tap';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const device = createInstance(tap, { name: 'web0' }) as Tap;
 * await device.open(); // the interface is there now
 * await device.close();
 * ```
 */
export class Tap implements DeviceEmulator {
  readonly #options: Static<typeof tapOptions>;
  readonly #port: VnicPort;
  readonly #log: Log;
  readonly #burst: FrameBurst;
  #queue: TapQueue | undefined;
  #wake: (() => void) | undefined;
  #retryUs = FIRST_RETRY_US;

  constructor(
    @inject(Options) options: Static<typeof tapOptions>,
    @inject(Port) port: VnicPort,
    @inject(Logger) log: Log,
  ) {
    this.#options = options;
    this.#port = port;
    this.#log = log;
    this.#burst = port.createBurst(FRAMES_A_POLL);
  }

  /** @throws FairleadError `FAIRLEAD_ERR_DEVICE_OPEN`: not Linux, no right, no tun module, or a name that is taken. */
  async open(): Promise<void> {
    this.#queue = this.openQueue();
  }

  async close(): Promise<void> {
    this.#queue?.close();
    this.#queue = undefined;
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  poll(nowUs: number): number {
    const queue = this.#queue;
    if (queue === undefined) return Number.POSITIVE_INFINITY;
    const readUs = this.#fromVm(queue, nowUs);
    return this.#queue === undefined ? readUs : Math.min(readUs, this.#toVm(queue, nowUs));
  }

  /** Makes the interface. A test puts another queue in its place. */
  protected openQueue(): TapQueue {
    const calls = linux();
    return new TapQueue(calls, openTap(calls, this.#options, `vnic ${this.#port.name}`), this.#port.maxFrameBytes);
  }

  /** Reads frames while there is room for them; the rest wait in the interface's own queue, which is bounded. */
  #fromVm(queue: TapQueue, nowUs: number): number {
    let frames = 0;
    let bytes = 0;
    // Asked before each read: a frame that was read cannot be put back.
    while (frames < FRAMES_A_POLL && this.#port.room() > 0) {
      bytes = queue.read();
      if (bytes < 0) break;
      this.#port.push(queue.frame, 0, bytes);
      frames++;
    }
    if (frames > 0) this.#port.flush();
    if (bytes === GONE) return this.#lost();
    if (bytes === NOT_NOW) {
      this.#retryUs = FIRST_RETRY_US;
      if (this.#wake === undefined) return nowUs + LAST_RETRY_US;
      queue.watch(this.#wake);
      return Number.POSITIVE_INFINITY;
    }
    queue.unwatch();
    if (frames === FRAMES_A_POLL) return nowUs;
    this.#retryUs = frames > 0 ? FIRST_RETRY_US : Math.min(this.#retryUs * 2, LAST_RETRY_US);
    return nowUs + this.#retryUs;
  }

  /** Writes waiting frames, straight from the frame pool. While the interface is down they wait in the port's ring. */
  #toVm(queue: TapQueue, nowUs: number): number {
    const { memory, offset, bytes } = this.#burst;
    const count = this.#port.pull(this.#burst);
    let taken = 0;
    let answer = 0;
    while (taken < count) {
      answer = queue.write(memory, offset[taken], bytes[taken]);
      if (answer === NOT_NOW || answer === GONE) break;
      if (answer === REFUSED) this.#log.warn(`${this.#options.name} refused a frame of ${bytes[taken]} bytes`);
      taken++;
    }
    if (taken > 0) this.#port.release(taken);
    if (answer === GONE) return this.#lost();
    if (answer === NOT_NOW) return nowUs + LAST_RETRY_US;
    return count === FRAMES_A_POLL ? nowUs : Number.POSITIVE_INFINITY;
  }

  #lost(): number {
    if (this.#queue !== undefined)
      this.#log.warn(`${this.#options.name} was deleted: the VM is cut off until the host is started again`);
    this.#queue?.close();
    this.#queue = undefined;
    return Number.POSITIVE_INFINITY;
  }
}
