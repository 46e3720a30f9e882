import {
  type DeviceEmulator,
  FairleadError,
  type FrameBurst,
  inject,
  Options,
  Port,
  parseMac,
  type Random,
  Randomness,
  type Static,
  Type,
  type VnicPort,
} from '@fairlead/sdk';
import { Arrivals } from './arrivals.ts';
import { trafficOptions } from './traffic-options.ts';
import { UdpFrame } from './udp-frame.ts';

/** Options of the simulated guest. */
export const memoryGuestOptions = Type.Object(
  {
    keepReceived: Type.Integer({
      default: 1024,
      minimum: 0,
      description: 'Received frames kept for receive() at most; more are taken and counted, but not kept.',
    }),
    traffic: Type.Optional(trafficOptions),
  },
  { additionalProperties: false },
);

/** What happened in the guest, in frames but for `receivedBytes`. */
export interface MemoryGuestCounters {
  /** Frames the guest wanted to send: those of its traffic and those given to `send`. */
  offeredFrames: number;
  /** Of these, put into the ring. */
  acceptedFrames: number;
  /** Of these, lost in the guest: its ring was full and `waitingFrames` waited already, or `send` found it full. */
  lostFrames: number;
  /** Of these, waiting in the guest for room in the ring. */
  waitingFrames: number;
  /** Frames taken from the host. */
  receivedFrames: number;
  /** Bytes of the frames it has received. */
  receivedBytes: number;
  /** Of these, not kept for `receive`. */
  unkeptFrames: number;
}

const RECEIVE_BATCH = 64;
/** Frames each way in one `poll`: the host's thread has other devices, and a clock may leap. */
const FRAMES_A_POLL = 16_384;

/**
 * A simulated guest: sends what it is told to and, with the option `traffic`, a load of its own; takes every frame it
 * is sent.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import memoryDevice, { type MemoryGuest, type MemoryGuestCounters } from '@fairlead/device-emulator-memory';
 * import memoryNic from '@fairlead/nic-driver-memory';
 *
 * const host = await createHost()
 *   .nic('uplink0', use(memoryNic))
 *   .vm('web', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '10Mbps' } }))
 *   .inline()
 *   .start();
 * host.run(10_000);
 * const guest = host.device('web') as MemoryGuest;
 * const { offeredFrames, lostFrames }: MemoryGuestCounters = guest.counters;
 * console.log(offeredFrames, lostFrames);
 * await host.close();
 * ```
 */
export class MemoryGuest implements DeviceEmulator {
  /** What it has sent and received so far. */
  readonly counters: MemoryGuestCounters = {
    offeredFrames: 0,
    acceptedFrames: 0,
    lostFrames: 0,
    waitingFrames: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    unkeptFrames: 0,
  };
  readonly #burst: FrameBurst;
  readonly #received: Uint8Array[] = [];
  readonly #arrivals: Arrivals | undefined;
  readonly #frame: UdpFrame | undefined;
  #flow = 0;
  #running = true;
  /** The clock is known at a poll only, so traffic begins, and begins again after a suspension, at the next one. */
  #begun = false;
  #wake: (() => void) | undefined;

  /**
   * Made by the host, or by a test with a port of its own.
   *
   * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` when its frames are longer than a slot of the host.
   */
  constructor(
    @inject(Options) private readonly options: Static<typeof memoryGuestOptions>,
    @inject(Port) private readonly port: VnicPort,
    @inject(Randomness) random: Random,
  ) {
    this.#burst = port.createBurst(RECEIVE_BATCH);
    const traffic = options.traffic;
    if (traffic === undefined) return;
    if (traffic.frameBytes > port.maxFrameBytes) {
      throw new FairleadError(
        'FAIRLEAD_ERR_PLUGIN_OPTIONS',
        `frames of ${traffic.frameBytes} bytes do not fit the ring's slots`,
        {
          where: `virtual NIC ${port.name}, traffic.frameBytes`,
          mend: `make it ${port.maxFrameBytes} at most, or the frame slots larger`,
        },
      );
    }
    this.#arrivals = new Arrivals(traffic, random);
    const source = traffic.source === undefined ? port.macs[0] : parseMac(traffic.source);
    this.#frame = new UdpFrame(traffic.frameBytes, source, parseMac(traffic.destination));
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  setRunning(running: boolean): void {
    this.#running = running;
    this.#begun = false;
    if (running) this.#wake?.();
  }

  poll(nowUs: number): number {
    if (!this.#running) return Number.POSITIVE_INFINITY;
    const mayBeMore = this.#take();
    const dueUs = this.#generate(nowUs);
    return mayBeMore ? nowUs : dueUs;
  }

  /** Sends one frame at once. False when the ring has no room or the VM is suspended; the frame is lost then. */
  send(frame: Uint8Array): boolean {
    const sent = this.#running && this.port.push(frame, 0, frame.length);
    this.counters.offeredFrames++;
    if (sent) this.counters.acceptedFrames++;
    else this.counters.lostFrames++;
    this.port.flush();
    return sent;
  }

  /** Sends frames until one finds no room, and returns how many went. The rest were not offered. */
  sendAll(frames: Iterable<Uint8Array>): number {
    let sent = 0;
    for (const frame of frames) {
      if (!this.#running || !this.port.push(frame, 0, frame.length)) break;
      sent++;
    }
    this.counters.offeredFrames += sent;
    this.counters.acceptedFrames += sent;
    this.port.flush();
    return sent;
  }

  /** The oldest kept frame that the guest has received, once; undefined when there is none. */
  receive(): Uint8Array | undefined {
    return this.#received.shift();
  }

  /** Takes what waits in the ring towards the guest; true when more may wait. */
  #take(): boolean {
    const { port, counters } = this;
    const burst = this.#burst;
    for (let taken = 0; taken < FRAMES_A_POLL; taken += burst.count) {
      const count = port.pull(burst);
      if (count === 0) return false;
      for (let i = 0; i < count; i++) {
        counters.receivedBytes += burst.bytes[i];
        if (this.#received.length < this.options.keepReceived) {
          const at = burst.offset[i];
          this.#received.push(new Uint8Array(burst.memory.subarray(at, at + burst.bytes[i])));
        } else {
          counters.unkeptFrames++;
        }
      }
      counters.receivedFrames += count;
      port.release(count);
    }
    return true;
  }

  /** Sends what waited and what is due, and returns when to go on. */
  #generate(nowUs: number): number {
    const arrivals = this.#arrivals;
    const traffic = this.options.traffic;
    if (arrivals === undefined || traffic === undefined) return Number.POSITIVE_INFINITY;
    if (!this.#begun) {
      arrivals.begin(nowUs);
      this.#begun = true;
    }
    const { counters } = this;
    while (counters.waitingFrames > 0 && this.#sendNextFlow()) counters.waitingFrames--;
    for (let sent = 0; arrivals.nextUs <= nowUs; sent++) {
      if (sent === FRAMES_A_POLL) break;
      counters.offeredFrames++;
      if (counters.waitingFrames > 0 || !this.#sendNextFlow()) {
        if (counters.waitingFrames < traffic.waitingFrames) counters.waitingFrames++;
        else counters.lostFrames++;
      }
      arrivals.next();
    }
    this.port.flush();
    if (arrivals.nextUs <= nowUs) return nowUs;
    // Nothing tells the guest of room in its ring, so it looks again after the time of one frame.
    return counters.waitingFrames > 0 ? Math.min(arrivals.nextUs, nowUs + arrivals.gapUs) : arrivals.nextUs;
  }

  #sendNextFlow(): boolean {
    const frame = this.#frame as UdpFrame;
    frame.setFlow(this.#flow);
    if (!this.port.push(frame.bytes, 0, frame.bytes.length)) return false;
    this.counters.acceptedFrames++;
    this.#flow = this.#flow + 1 === this.options.traffic?.flows ? 0 : this.#flow + 1;
    return true;
  }
}
