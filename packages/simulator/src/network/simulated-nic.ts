import {
  definePlugin,
  type FrameBurst,
  LinePacer,
  type LinkStatus,
  type NicDriver,
  Options,
  type Token,
  Type,
} from '@fairlead/sdk';
import { copyFrame, FrameReader, type FrameWriter } from '../traffic/frame-codec.ts';
import { Packet } from '../traffic/packet.ts';
import type { Cable, Network } from './network.ts';

/** The frames of one flow as they come from the network. */
export interface InboundWriters {
  readonly data: FrameWriter;
  readonly ack: FrameWriter;
}

/**
 * The NIC of a simulation: it takes frames as fast as its line carries them, so that the rest stays with the host as
 * pending load, sends them into the network, and hands over what comes from there.
 */
export class SimulatedNic implements NicDriver {
  static readonly inject: readonly Token<unknown>[] = [Options];
  speedBps: number;
  /** Bytes and frames that the line has carried. */
  sentBytes = 0;
  sentFrames = 0;
  receivedFrames = 0;
  /** Frames from the network that came while the link was down. */
  missedFrames = 0;
  readonly #packet = new Packet();
  #isUp: boolean;
  #network: Network | undefined;
  #cable: Cable | undefined;
  #writers: readonly (InboundWriters | undefined)[] = [];
  #reader: FrameReader | undefined;
  #readerOf: Uint8Array | undefined;
  readonly #line = new LinePacer();

  constructor(options: { speedBps: number; up: boolean }) {
    this.speedBps = options.speedBps;
    this.#isUp = options.up;
  }

  /** Connects it, before the first frame. `writers`: of the frames that may come from the network, by flow. */
  connect(network: Network, cable: Cable, writers: readonly (InboundWriters | undefined)[]): void {
    this.#network = network;
    this.#cable = cable;
    this.#writers = writers;
    cable.isUp = this.#isUp;
  }

  /** Pulls the cable, or plugs it in. */
  setLink(up: boolean): void {
    this.#isUp = up;
    if (this.#cable !== undefined) this.#cable.isUp = up;
  }

  link(): LinkStatus {
    return { up: this.#isUp, speedBps: this.speedBps };
  }

  send(burst: FrameBurst): number {
    const line = this.#line;
    const out = this.#cable?.out;
    const network = this.#network;
    if (!this.#isUp || out === undefined || network === undefined) {
      line.leave(false);
      return 0;
    }
    const { nowUs } = burst;
    line.look(nowUs);
    const reader = this.#readerFor(burst.memory);
    const usPerByte = 8e6 / this.speedBps;
    const packet = this.#packet;
    let taken = 0;
    while (taken < burst.count && line.isFree(nowUs)) {
      const bytes = burst.bytes[taken];
      const durationUs = bytes * usPerByte;
      const endUs = line.carry(durationUs) + durationUs;
      this.sentBytes += bytes;
      this.sentFrames++;
      if (!reader.read(burst.offset[taken], bytes, packet))
        packet.flow = network.strangerOf(burst.memory, burst.offset[taken]);
      out.send(packet, endUs);
      taken++;
    }
    line.leave(taken < burst.count);
    return taken;
  }

  #readerFor(memory: Uint8Array): FrameReader {
    if (this.#reader === undefined || this.#readerOf !== memory) {
      this.#reader = new FrameReader(memory);
      this.#readerOf = memory;
    }
    return this.#reader;
  }

  receive(burst: FrameBurst): number {
    const { nowUs } = burst;
    this.#network?.advance(nowUs);
    const arrivals = this.#cable?.in;
    if (arrivals === undefined) return 0;
    let count = 0;
    while (count < burst.capacity && arrivals.queue.dueUs <= nowUs) {
      const packet = this.#packet;
      arrivals.deliver(packet);
      const writers = this.#writers[packet.flow];
      if (!this.#isUp || writers === undefined) {
        this.missedFrames++;
        continue;
      }
      const writer = (packet.kind & 1) === 0 ? writers.data : writers.ack;
      writer.write(packet);
      copyFrame(writer, burst.memory, burst.offset[count], packet.bytes);
      burst.bytes[count++] = packet.bytes;
    }
    this.receivedFrames += count;
    return count;
  }

  nextEventUs(nowUs: number): number {
    const arrives = this.#cable?.in.queue.dueUs ?? Number.POSITIVE_INFINITY;
    const beyond = this.#network?.feltUs ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#line.nextBeginUs(nowUs), arrives, beyond);
  }
}

export const simulatedNic = definePlugin({
  kind: 'nic-driver',
  name: 'simulated-nic',
  apiVersion: 1,
  options: Type.Object({ speedBps: Type.Number(), up: Type.Boolean() }),
  implementation: SimulatedNic,
});
