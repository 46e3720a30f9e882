import type { Flow } from '../traffic/flow.ts';
import { Packet } from '../traffic/packet.ts';
import { arrive, Station } from '../traffic/station.ts';
import { PacketQueue } from './packet-queue.ts';
import type { Path } from './path.ts';

/** What the network knows of a NIC's cable. */
export interface Cable {
  isUp: boolean;
  /** From the host. */
  readonly out: Path;
  /** Towards the host. */
  readonly in: Path;
}

/** What lies between several hosts; of a single one there is none. */
export interface Fabric {
  /** Host to which a VM's frames are sent: where it was heard last. */
  hostOf(vm: number): number;
  /** A frame of a VM has come out of a host. */
  heard(vm: number, host: number): void;
  /** Takes a packet from one host to another, where it lands later. */
  carry(packet: Packet, from: number, to: number, atUs: number): void;
}

/** Numbers of flows begin at 0; what belongs to none is below this. */
const NO_FLOW = -1;
/* What comes first, when it is not a cable: */
const NOTHING = -1;
const LANDING = -2;

/**
 * Everything beyond the NICs: a path out and a path in behind each, and the receivers and senders at their far ends. A
 * switch there learns from each frame behind which NIC a VM is (IEEE 802.1D §7.8), and sends by that NIC what is for the
 * VM; while the NIC is down it sends by the first one that is up.
 */
export class Network extends Station {
  readonly cables: readonly Cable[];
  #flows: readonly Flow[] = [];
  /** Numbers of the VMs that have a row in the host, and their addresses. */
  readonly #vms: readonly number[];
  readonly #macs: readonly Uint8Array[];
  /** Cable behind which a VM was last heard; the first one, if none. */
  readonly #heardOn = new Map<number, number>();
  readonly #host: number;
  readonly #fabric: Fabric | undefined;
  /** From other hosts, on their way here. */
  readonly landing = new PacketQueue();
  readonly #packet = new Packet();
  #nowUs = 0;
  /** Frames for VMs that no cable led to. */
  unreachableFrames = 0;
  /** Frames that went to other hosts, and that came from there. */
  carriedFrames = 0;
  landedFrames = 0;
  /** Frames that came to their end here, or belong to no flow. */
  endedFrames = 0;

  /** @param vms numbers of the host's VMs. @param macs their addresses. */
  constructor(
    cables: readonly Cable[],
    vms: readonly number[],
    macs: readonly Uint8Array[],
    host = 0,
    fabric?: Fabric,
  ) {
    super();
    this.cables = cables;
    this.#vms = vms;
    this.#macs = macs;
    this.#host = host;
    this.#fabric = fabric;
  }

  /** Gives the flows of the simulation, before the first frame. */
  serve(flows: readonly Flow[]): void {
    this.#flows = flows;
  }

  /** Sends a packet towards the VM at the other end of its flow. Never without room: what does not fit is lost. */
  emit(packet: Packet): boolean {
    const { fromVm, toVm } = this.#flows[packet.flow] as Flow;
    this.#sendTo((packet.kind & 1) === 0 ? toVm : fromVm, packet);
    return true;
  }

  #sendTo(vm: number, packet: Packet): void {
    const host = this.#fabric?.hostOf(vm) ?? this.#host;
    if (host !== this.#host) this.#carry(packet, host);
    else this.#goIn(vm, packet);
  }

  #goIn(vm: number, packet: Packet): void {
    let cable: Cable | undefined = this.cables[this.#heardOn.get(vm) ?? 0];
    if (cable === undefined || !cable.isUp) cable = this.cables.find(({ isUp }) => isUp);
    if (cable === undefined) this.unreachableFrames++;
    else cable.in.send(packet, this.#nowUs);
  }

  #carry(packet: Packet, to: number): void {
    this.carriedFrames++;
    this.#fabric?.carry(packet, this.#host, to, this.#nowUs);
  }

  /**
   * What a frame that belongs to no flow is in place of one: the host's own announcements tell the switch where a VM is.
   * As a negative number, by its source MAC.
   */
  strangerOf(memory: Uint8Array, at: number): number {
    const row = this.#macs.findIndex((mac) => mac.every((byte, i) => memory[at + 6 + i] === byte));
    return row < 0 ? NO_FLOW : NO_FLOW - 1 - (this.#vms[row] as number);
  }

  /** When something happens beyond the NICs next, in microseconds. */
  get nextUs(): number {
    let next = Math.min(this.timers.nextUs, this.landing.dueUs);
    for (const { out } of this.cables) if (out.queue.dueUs < next) next = out.queue.dueUs;
    return next;
  }

  /**
   * When the host must look at the latest, so as to feel what happens beyond its NICs. Of several hosts what one hears of
   * it has the way in before it, and what happens meanwhile is made up for with its times as they were.
   */
  get feltUs(): number {
    if (this.#fabric === undefined) return this.nextUs;
    let leastUs = Number.POSITIVE_INFINITY;
    for (const { in: inbound } of this.cables) leastUs = Math.min(leastUs, inbound.settings.delayUs);
    return this.nextUs + leastUs;
  }

  /** Lets everything happen that is due by `untilUs`, in the order of its time. */
  advance(untilUs: number): void {
    for (;;) {
      let first = NOTHING;
      let firstUs = untilUs;
      if (this.landing.dueUs <= firstUs) {
        first = LANDING;
        firstUs = this.landing.dueUs;
      }
      for (let i = 0; i < this.cables.length; i++) {
        const { dueUs } = (this.cables[i] as Cable).out.queue;
        if (dueUs > firstUs || (dueUs === firstUs && first !== NOTHING)) continue;
        first = i;
        firstUs = dueUs;
      }
      if (this.timers.nextUs <= firstUs) {
        this.#nowUs = Math.max(this.#nowUs, this.timers.nextUs);
        this.work(this.#nowUs);
        continue;
      }
      if (first === NOTHING) break;
      this.#nowUs = Math.max(this.#nowUs, firstUs);
      if (first === LANDING) this.#land();
      else this.#arrive(first);
    }
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  #arrive(cable: number): void {
    const packet = this.#packet;
    (this.cables[cable] as Cable).out.deliver(packet);
    const flow = this.#flows[packet.flow];
    if (flow === undefined) {
      const vm = NO_FLOW - 1 - packet.flow;
      if (vm >= 0) this.#hear(vm, cable);
      this.endedFrames++;
      return;
    }
    const back = (packet.kind & 1) === 1;
    this.#hear(back ? flow.toVm : flow.fromVm, cable);
    const to = back ? flow.fromVm : flow.toVm;
    if (to >= 0) this.#sendTo(to, packet);
    else if (flow.outside !== this.#host) this.#carry(packet, flow.outside);
    else this.#end(flow);
  }

  #hear(vm: number, cable: number): void {
    if ((this.#heardOn.get(vm) ?? 0) !== cable) this.#heardOn.set(vm, cable);
    this.#fabric?.heard(vm, this.#host);
  }

  #end(flow: Flow): void {
    this.endedFrames++;
    arrive(flow, this.#packet, this.#nowUs);
    // An acknowledgement lets a sender out there go on.
    this.work(this.#nowUs);
  }

  /** What another host has sent is here. A VM that has gone on meanwhile is not followed. */
  #land(): void {
    const packet = this.#packet;
    this.landing.shift(packet);
    this.landedFrames++;
    const flow = this.#flows[packet.flow] as Flow;
    const vm = (packet.kind & 1) === 0 ? flow.toVm : flow.fromVm;
    if (vm < 0) this.#end(flow);
    else this.#goIn(vm, packet);
  }
}
