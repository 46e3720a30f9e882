import {
  type DeviceEmulator,
  DropReason,
  definePlugin,
  type FrameBurst,
  Port,
  type Token,
  Type,
  type VnicPort,
} from '@fairlead/sdk';

const BURST_FRAMES = 64;

/** A guest that sends what it is handed, and takes what it is sent and forgets it. */
export class ReplayGuest implements DeviceEmulator {
  static readonly inject: readonly Token<unknown>[] = [Port];
  readonly #port: VnicPort;
  readonly #burst: FrameBurst;

  constructor(port: VnicPort) {
    this.#port = port;
    this.#burst = port.createBurst(BURST_FRAMES);
  }

  get maxFrameBytes(): number {
    return this.#port.maxFrameBytes;
  }

  /** Sends one frame. False: there was no room for it, and it is counted as dropped, since a replayed sender does not wait. */
  offer(frame: Uint8Array, bytes: number): boolean {
    const taken = this.#port.push(frame, 0, bytes);
    if (!taken) this.#port.refuse(this.#port.room() > 0 ? DropReason.PoolEmpty : DropReason.RingFull);
    this.#port.flush();
    return taken;
  }

  poll(): number {
    while (this.#port.pull(this.#burst) > 0) this.#port.release(this.#burst.count);
    return Number.POSITIVE_INFINITY;
  }
}

export const replayGuest = definePlugin({
  kind: 'device-emulator',
  name: 'replay',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: ReplayGuest,
});
