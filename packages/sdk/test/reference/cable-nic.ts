import {
  type Clock,
  definePlugin,
  type FrameBurst,
  LinePacer,
  type LinkStatus,
  Nic,
  type NicContext,
  type NicDriver,
  Nics,
  type NicTable,
  Options,
  Time,
  Type,
} from '../../src/index.ts';

const SPEED_BPS = 1e9;
export const cableOptions = Type.Object(
  { latencyUs: Type.Integer({ default: 0, minimum: 0, maximum: 1000 }) },
  { additionalProperties: false },
);

/** A NIC with one cable, whose far end a test holds. It keeps every law. */
export class CableNic implements NicDriver {
  static readonly inject = [Options, Time, Nic, Nics];
  /** What the far end has seen. */
  readonly wire: Uint8Array[] = [];
  readonly #line = new LinePacer();
  readonly #arrivals: { frame: Uint8Array; dueUs: number }[] = [];
  #wake: (() => void) | undefined;

  constructor(
    readonly options: { latencyUs: number },
    readonly clock: Clock,
    readonly nic: NicContext,
    readonly nics: NicTable,
  ) {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  link(): LinkStatus {
    return { up: true, speedBps: SPEED_BPS };
  }

  send(burst: FrameBurst): number {
    this.#line.look(burst.nowUs);
    let taken = 0;
    while (taken < burst.count && this.#line.isFree(burst.nowUs)) {
      this.put(burst, taken);
      this.#line.carry((burst.bytes[taken++] * 8e6) / SPEED_BPS);
    }
    this.#line.leave(taken < burst.count);
    return taken;
  }

  put({ memory, offset, bytes }: FrameBurst, i: number): void {
    this.wire.push(memory.slice(offset[i], offset[i] + bytes[i]));
  }

  receive(burst: FrameBurst): number {
    let count = 0;
    while (count < burst.capacity && this.#arrivals.length > 0 && this.#arrivals[0].dueUs <= burst.nowUs) {
      const frame = (this.#arrivals.shift() as { frame: Uint8Array }).frame;
      burst.memory.set(frame.subarray(0, burst.maxFrameBytes), burst.offset[count]);
      burst.bytes[count++] = Math.min(frame.length, burst.maxFrameBytes + 1);
    }
    return count;
  }

  nextEventUs(nowUs: number): number {
    const dueUs = this.#arrivals[0]?.dueUs ?? Number.POSITIVE_INFINITY;
    return Math.max(nowUs, Math.min(dueUs, this.#line.nextBeginUs(nowUs)));
  }

  arm(wake: () => void): () => void {
    this.#wake = wake;
    return () => {
      this.#wake = undefined;
    };
  }

  /** Frames set out at the far end. */
  give(frames: readonly Uint8Array[]): void {
    if (!this.nic.receives) return;
    const dueUs = this.clock.nowUs() + this.options.latencyUs;
    for (const frame of frames) this.#arrivals.push({ frame, dueUs });
    if (frames.length > 0) this.wakeUp();
  }

  wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

export default definePlugin({
  kind: 'nic-driver',
  name: 'cable',
  apiVersion: 1,
  options: cableOptions,
  implementation: CableNic,
});
