import {
  type Clock,
  type FrameBurst,
  inject,
  LinePacer,
  type LinkStatus,
  Microseconds,
  Nic,
  type NicContext,
  type NicDriver,
  Options,
  type Random,
  Randomness,
  Rate,
  Size,
  type Static,
  Time,
  Type,
} from '@fairlead/sdk';
import { FrameQueue } from './frame-queue.ts';
import { LinkState } from './link-state.ts';
import { Segment } from './segment.ts';

/** Options of the simulated NIC. */
export const memoryNicOptions = Type.Object(
  {
    speedBps: Rate({
      default: 1e9,
      exclusiveMinimum: 0,
      description: 'Link speed; the queues of a NIC share it equally.',
    }),
    latencyUs: Microseconds({
      default: 0,
      description: 'Time a frame takes to the other side, after its last bit was sent.',
    }),
    loss: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: 'Probability that the wire loses a frame, each way.',
    }),
    up: Type.Boolean({ default: true, description: 'Whether the link is up at first.' }),
    overheadBytes: Size({
      default: 0,
      description: 'Line time per frame beyond its bytes; 24 for Ethernet (FCS, preamble, gap).',
    }),
    echo: Type.Boolean({ default: false, description: 'Sends every unicast frame back with its MACs exchanged.' }),
    keep: Type.Boolean({ default: false, description: 'Keeps copies of transmitted frames for takeTransmitted().' }),
    wireFrames: Type.Integer({
      default: 1024,
      minimum: 1,
      description: 'Frames on their way to the host, and kept, at most.',
    }),
    segment: Type.Optional(
      Type.String({ minLength: 1, description: 'Name of a cable shared with other memory NICs of the process.' }),
    ),
  },
  { additionalProperties: false },
);

/** What happened on one instance, in frames but for `sentBytes`. */
export interface MemoryNicCounters {
  /** Taken from the host and put on the line. */
  sentFrames: number;
  /** Bytes of the frames it has sent. */
  sentBytes: number;
  /** Of those sent and those arriving, lost on the wire by chance. */
  lostFrames: number;
  /** Handed to the host. */
  receivedFrames: number;
  /** Arrived when `wireFrames` were on their way already, or while the link was down. */
  missedFrames: number;
  /** Sent but not kept, since `wireFrames` were kept already. */
  unkeptFrames: number;
}

/**
 * A simulated NIC. It takes frames as fast as its line carries them, so that the rest stays with the host as pending
 * load, and gives the host what its far side sends: an echo, other NICs of its segment, or a test.
 *
 * @example
 * ```ts
 * import memoryNic, { type MemoryNic, type MemoryNicCounters } from '@fairlead/nic-driver-memory';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const nic = createInstance(memoryNic, { speedBps: '10Gbps' }) as MemoryNic;
 * nic.deliver(new Uint8Array(60)); // as if it had come over the wire
 * const { receivedFrames }: MemoryNicCounters = nic.counters;
 * ```
 */
export class MemoryNic implements NicDriver {
  /** What it has sent and received so far. */
  readonly counters: MemoryNicCounters = {
    sentFrames: 0,
    sentBytes: 0,
    lostFrames: 0,
    receivedFrames: 0,
    missedFrames: 0,
    unkeptFrames: 0,
  };
  readonly #state: LinkState;
  readonly #line = new LinePacer();
  /** Towards the host; made when there is something that could send to it. */
  #arrivals: FrameQueue | undefined;
  /** What the other side has seen; made when someone wants to look. */
  readonly #kept: FrameQueue | undefined;
  #segment: Segment | undefined;
  #wake: (() => void) | undefined;

  constructor(
    @inject(Options) private readonly options: Static<typeof memoryNicOptions>,
    @inject(Nic) private readonly nic: NicContext,
    @inject(Time) private readonly clock: Clock,
    @inject(Randomness) private readonly random: Random,
  ) {
    this.#state = new LinkState(nic.shared, options);
    if (options.keep) this.#kept = new FrameQueue(options.wireFrames);
    if (options.echo) this.#mayArrive();
  }

  async open(): Promise<void> {
    if (this.options.segment !== undefined && this.nic.role !== 'control')
      this.join(Segment.named(this.options.segment));
  }

  async close(): Promise<void> {
    this.#segment?.remove(this);
    this.#segment = undefined;
  }

  link(): LinkStatus {
    return { up: this.#state.up, speedBps: this.#state.speedBps };
  }

  send(burst: FrameBurst): number {
    const line = this.#line;
    if (!this.#state.up) {
      line.leave(false);
      return 0;
    }
    const usPerByte = (8e6 * this.nic.queues) / this.#state.speedBps;
    line.look(burst.nowUs);
    let taken = 0;
    while (taken < burst.count && line.isFree(burst.nowUs)) {
      const bytes = burst.bytes[taken];
      const durationUs = (bytes + this.options.overheadBytes) * usPerByte;
      const sentUs = line.carry(durationUs) + durationUs;
      this.counters.sentFrames++;
      this.counters.sentBytes += bytes;
      if (!this.#isLost()) this.#reachFarSide(burst.memory, burst.offset[taken], bytes, sentUs + this.#state.latencyUs);
      taken++;
    }
    line.leave(taken < burst.count);
    return taken;
  }

  receive(burst: FrameBurst): number {
    const arrivals = this.#arrivals;
    if (arrivals === undefined) return 0;
    let count = 0;
    while (count < burst.capacity && arrivals.dueUs <= burst.nowUs) {
      if (this.#state.up) {
        burst.bytes[count] = Math.min(arrivals.headBytes, burst.maxFrameBytes + 1);
        arrivals.shift(burst.memory, burst.offset[count], burst.maxFrameBytes);
        count++;
      } else {
        arrivals.discard();
        this.counters.missedFrames++;
      }
    }
    this.counters.receivedFrames += count;
    return count;
  }

  nextEventUs(nowUs: number): number {
    const arrivalUs = this.#arrivals?.dueUs ?? Number.POSITIVE_INFINITY;
    return Math.max(nowUs, Math.min(this.#line.nextBeginUs(nowUs), arrivalUs));
  }

  /** Wakes when a frame sets out towards the host; `nextEventUs` tells of those that are on their way already. */
  arm(wake: () => void): () => void {
    this.#wake = wake;
    return this.#disarm;
  }

  /** Pulls the cable or plugs it in, for all instances of this NIC. */
  setLink(up: boolean): void {
    this.#state.up = up;
  }

  /** Changes the link speed, in bit/s, for all instances of this NIC. */
  setSpeed(speedBps: number): void {
    this.#state.speedBps = speedBps;
  }

  /** Changes the latency, in microseconds, of frames sent from now on by any instance of this NIC. */
  setLatency(latencyUs: number): void {
    this.#state.latencyUs = latencyUs;
  }

  /** Changes the probability of loss, 0 to 1, for all instances of this NIC. */
  setLoss(loss: number): void {
    this.#state.loss = loss;
  }

  /** Connects this NIC to a segment in place of the one it was on. */
  join(segment: Segment): void {
    this.#segment?.remove(this);
    this.#segment = segment;
    segment.add(this);
    this.#mayArrive();
  }

  /** Sends a frame towards the host, which receives it `latencyUs` from now. False when the wire is full or this instance does not receive. */
  deliver(frame: Uint8Array): boolean {
    if (!this.nic.receives) return false;
    this.#mayArrive();
    return this.#push(frame, 0, frame.length, this.clock.nowUs() + this.#state.latencyUs);
  }

  /**
   * Copies of the frames that have reached the other side by `nowUs` (all that were sent when left out), each given
   * once. Empty unless the option `keep` is set.
   */
  takeTransmitted(nowUs = Number.POSITIVE_INFINITY): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const kept = this.#kept;
    while (kept !== undefined && kept.count > 0 && kept.dueUs <= nowUs) {
      const frame = new Uint8Array(kept.headBytes);
      kept.shift(frame, 0, frame.length);
      frames.push(frame);
    }
    return frames;
  }

  /** A frame from the segment. */
  arrive(memory: Uint8Array, at: number, bytes: number, dueUs: number): void {
    if (this.nic.receives) this.#push(memory, at, bytes, dueUs);
  }

  #reachFarSide(memory: Uint8Array, at: number, bytes: number, dueUs: number): void {
    if (this.#kept !== undefined && !this.#kept.push(memory, at, bytes, dueUs)) this.counters.unkeptFrames++;
    if (this.#segment !== undefined) this.#segment.carry(this, memory, at, bytes, dueUs);
    // A group address cannot be a source (IEEE 802.3 §3.2.3), so a broadcast has no echo.
    if (this.options.echo && this.nic.receives && bytes >= 12 && (memory[at] & 1) === 0) {
      const waiting = this.#arrivals?.count ?? 0;
      this.#push(memory, at, bytes, dueUs + this.#state.latencyUs);
      if (this.#arrivals !== undefined && this.#arrivals.count > waiting) this.#arrivals.swapLastMacs();
    }
  }

  /** Puts a frame on the way to the host; true also when the wire then loses it. */
  #push(memory: Uint8Array, at: number, bytes: number, dueUs: number): boolean {
    if (this.#isLost()) return true;
    if (this.#arrivals === undefined || !this.#arrivals.push(memory, at, bytes, dueUs)) {
      this.counters.missedFrames++;
      return false;
    }
    this.#wakeOnce();
    return true;
  }

  #isLost(): boolean {
    const loss = this.#state.loss;
    if (loss === 0 || this.random.next() >= loss) return false;
    this.counters.lostFrames++;
    return true;
  }

  #mayArrive(): void {
    if (this.nic.receives) this.#arrivals ??= new FrameQueue(this.options.wireFrames);
  }

  #wakeOnce(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  readonly #disarm = (): void => {
    this.#wake = undefined;
  };
}
