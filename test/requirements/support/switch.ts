import { type MemoryNic, Segment, type SegmentMember } from '@fairlead/nic-driver-memory';

/** What came out of a port at which a test listens. */
export interface Heard {
  readonly port: string;
  readonly frame: Uint8Array;
}

/** A switch that learns: each port is a cable of its own, and a frame goes where its destination spoke last. */
export class Switch {
  readonly #ports = new Map<string, { readonly cable: Segment; readonly end: SegmentMember }>();
  readonly #learnt = new Map<string, string>();
  /** Frames that came in, by the port. */
  readonly heard: Heard[] = [];

  /** Plugs a NIC into a port. */
  plug(port: string, nic: MemoryNic): void {
    const cable = new Segment();
    const end: SegmentMember = {
      arrive: (memory, at, bytes, dueUs) => this.#forward(port, memory.slice(at, at + bytes), dueUs),
    };
    cable.add(end);
    nic.join(cable);
    this.#ports.set(port, { cable, end });
  }

  /** A frame of somebody else on the network. */
  inject(frame: Uint8Array, nowUs: number): void {
    this.#forward('elsewhere', frame, nowUs);
  }

  /** The port behind which an address spoke last. */
  portOf(mac: string): string | undefined {
    return this.#learnt.get(mac);
  }

  #forward(from: string, frame: Uint8Array, dueUs: number): void {
    this.heard.push({ port: from, frame });
    this.#learnt.set(macAt(frame, 6), from);
    const to = this.#learnt.get(macAt(frame, 0));
    for (const [port, { cable, end }] of this.#ports) {
      if (port === from || (to !== undefined && port !== to)) continue;
      cable.carry(end, frame, 0, frame.length, dueUs);
    }
  }
}

const macAt = (frame: Uint8Array, at: number): string =>
  Array.from(frame.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
