import type { Flow } from '../traffic/flow.ts';
import { Packet } from '../traffic/packet.ts';
import { arrive, Station } from '../traffic/station.ts';
import type { Path } from './path.ts';

/** What the network knows of a NIC's cable. */
export interface Cable {
  isUp: boolean;
  /** From the host. */
  readonly out: Path;
  /** Towards the host. */
  readonly in: Path;
}

/** Numbers of flows begin at 0; what belongs to none is below this. */
const NO_FLOW = -1;

/**
 * Everything beyond the NICs: a path out and a path in behind each, and the receivers and senders at their far ends. A
 * switch there learns from each frame behind which NIC a VM is (IEEE 802.1D §7.8), and sends by that NIC what is for the
 * VM; while the NIC is down it sends by the first one that is up.
 */
export class Network extends Station {
  readonly cables: readonly Cable[];
  #flows: readonly Flow[] = [];
  readonly #macs: readonly Uint8Array[];
  /** Cable behind which each VM was last heard. */
  readonly #heardOn: Int32Array;
  readonly #packet = new Packet();
  #nowUs = 0;
  /** Frames for VMs that no cable led to. */
  unreachableFrames = 0;

  /** @param macs addresses of the VMs, by number. */
  constructor(cables: readonly Cable[], macs: readonly Uint8Array[]) {
    super();
    this.cables = cables;
    this.#macs = macs;
    this.#heardOn = new Int32Array(macs.length);
  }

  /** Gives the flows of the simulation, before the first frame. */
  serve(flows: readonly Flow[]): void {
    this.#flows = flows;
  }

  /** Sends a packet towards the VM at the other end of its flow. Never without room: what does not fit is lost. */
  emit(packet: Packet): boolean {
    const { vm } = this.#flows[packet.flow] as Flow;
    let cable: Cable | undefined = this.cables[this.#heardOn[vm]];
    if (cable === undefined || !cable.isUp) cable = this.cables.find(({ isUp }) => isUp);
    if (cable === undefined) this.unreachableFrames++;
    else cable.in.send(packet, this.#nowUs);
    return true;
  }

  /**
   * What a frame that belongs to no flow is in place of one: the host's own announcements tell the switch where a VM is.
   * As a negative number, by its source MAC.
   */
  strangerOf(memory: Uint8Array, at: number): number {
    const vm = this.#macs.findIndex((mac) => mac.every((byte, i) => memory[at + 6 + i] === byte));
    return NO_FLOW - 1 - vm;
  }

  /** When something happens beyond the NICs next, in microseconds. */
  get nextUs(): number {
    let next = this.timers.nextUs;
    for (const { out } of this.cables) if (out.queue.dueUs < next) next = out.queue.dueUs;
    return next;
  }

  /** Lets everything happen that is due by `untilUs`, in the order of its time. */
  advance(untilUs: number): void {
    for (;;) {
      let first = -1;
      let firstUs = untilUs;
      for (let i = 0; i < this.cables.length; i++) {
        const { dueUs } = (this.cables[i] as Cable).out.queue;
        if (dueUs > firstUs || (dueUs === firstUs && first >= 0)) continue;
        first = i;
        firstUs = dueUs;
      }
      if (this.timers.nextUs <= firstUs) {
        this.#nowUs = Math.max(this.#nowUs, this.timers.nextUs);
        this.work(this.#nowUs);
        continue;
      }
      if (first < 0) break;
      this.#nowUs = Math.max(this.#nowUs, firstUs);
      this.#arrive(first);
    }
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  #arrive(cable: number): void {
    const packet = this.#packet;
    (this.cables[cable] as Cable).out.deliver(packet);
    const flow = this.#flows[packet.flow];
    if (flow === undefined) {
      const vm = NO_FLOW - 1 - packet.flow;
      if (vm >= 0) this.#heardOn[vm] = cable;
      return;
    }
    this.#heardOn[flow.vm] = cable;
    arrive(flow, packet, this.#nowUs);
    // An acknowledgement lets a sender out there go on.
    this.work(this.#nowUs);
  }
}
