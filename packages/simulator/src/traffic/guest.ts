import {
  type DeviceEmulator,
  definePlugin,
  type FrameBurst,
  Port,
  type Token,
  Type,
  type VnicPort,
} from '@fairlead/sdk';
import type { Flow, Source } from './flow.ts';
import { FrameReader, type FrameWriter } from './frame-codec.ts';
import { Packet } from './packet.ts';
import { arrive, Station } from './station.ts';

const BURST_FRAMES = 64;
/** Nothing tells a guest of room in its ring: it looks again so soon. */
const LOOK_AGAIN_US = 20;

/** A simulated guest's traffic, behind its virtual NIC. */
export class GuestStation extends Station {
  #port: VnicPort;
  readonly #writers = new Map<number, FrameWriter>();
  /** What the guest sends. */
  readonly sources: Source[] = [];
  /** Frames that were put into the ring. */
  emittedFrames = 0;

  constructor(port: VnicPort) {
    super();
    this.#port = port;
  }

  /** From now on its frames leave by another virtual NIC, which has sent so many before. */
  plug(port: VnicPort, emittedFrames: number): void {
    this.#port = port;
    this.emittedFrames = emittedFrames;
  }

  /** Says how the frames of a flow are written that this end sends. */
  address(flow: number, writer: FrameWriter): void {
    this.#writers.set(flow, writer);
  }

  emit(packet: Packet): boolean {
    const writer = this.#writers.get(packet.flow) as FrameWriter;
    writer.write(packet);
    if (!this.#port.push(writer.memory, writer.start, writer.start + packet.bytes)) return false;
    this.emittedFrames++;
    return true;
  }
}

/** The device emulator of a simulation: a guest whose applications are the scenario's senders and receivers. */
export class SimulatedGuest implements DeviceEmulator {
  static readonly inject: readonly Token<unknown>[] = [Port];
  /** Its applications: the VM's, not the virtual NIC's. They go where it goes. */
  station: GuestStation;
  readonly #port: VnicPort;
  readonly #burst: FrameBurst;
  readonly #reader: FrameReader;
  readonly #packet = new Packet();
  #flows: readonly Flow[] = [];
  #running = true;
  #resumed = false;
  /** It has run before: until then there is nothing to go on with. */
  #hasRun = false;
  #wake: (() => void) | undefined;

  constructor(port: VnicPort) {
    this.#port = port;
    this.#burst = port.createBurst(BURST_FRAMES);
    this.#reader = new FrameReader(this.#burst.memory);
    this.station = new GuestStation(port);
  }

  get maxFrameBytes(): number {
    return this.#port.maxFrameBytes;
  }

  /** Gives the flows of the simulation, before the first frame. */
  serve(flows: readonly Flow[]): void {
    this.#flows = flows;
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  /** Asks to be polled: a source was started by the script. */
  wake(): void {
    this.#wake?.();
  }

  setRunning(running: boolean): void {
    this.#resumed ||= running && !this.#running && this.#hasRun;
    this.#running = running;
    if (running) this.#wake?.();
  }

  /** The VM behind another virtual NIC is behind this one from now on, with all that it has under way. */
  takeOver(from: SimulatedGuest): void {
    const [came, rest] = [from.station, this.station];
    const [there, here] = [came.emittedFrames, rest.emittedFrames];
    this.station = came;
    from.station = rest;
    came.plug(this.#port, here);
    rest.plug(from.#port, there);
    this.#resumed = from.#hasRun;
    this.#hasRun = from.#hasRun;
    from.#hasRun = false;
    from.#resumed = false;
    this.#wake?.();
  }

  poll(nowUs: number): number {
    if (!this.#running) return Number.POSITIVE_INFINITY;
    this.#hasRun = true;
    this.#take(nowUs);
    const { station } = this;
    if (this.#resumed) {
      this.#resumed = false;
      for (const source of station.sources) source.resumed?.(nowUs);
    }
    station.work(nowUs);
    return station.isBlocked ? nowUs + LOOK_AGAIN_US : station.timers.nextUs;
  }

  #take(nowUs: number): void {
    const burst = this.#burst;
    for (let count = this.#port.pull(burst); count > 0; count = this.#port.pull(burst)) {
      for (let i = 0; i < count; i++) {
        if (!this.#reader.read(burst.offset[i], burst.bytes[i], this.#packet)) continue;
        const flow = this.#flows[this.#packet.flow];
        if (flow !== undefined) arrive(flow, this.#packet, nowUs);
      }
      this.#port.release(count);
    }
  }
}

export const simulatedGuest = definePlugin({
  kind: 'device-emulator',
  name: 'simulated-guest',
  apiVersion: 1,
  options: Type.Object({}, { additionalProperties: false }),
  implementation: SimulatedGuest,
});
