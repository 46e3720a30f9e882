/** A NIC as its segment sees it. */
export interface SegmentMember {
  /** A frame of another member arrives at `dueUs` on the sender's clock. The memory must not be kept. */
  arrive(memory: Uint8Array, at: number, bytes: number, dueUs: number): void;
}

/**
 * A cable with several ends and no switch: what one member sends arrives at every other. Members are instances of one
 * thread; two hosts that share one have to be stepped together, since each has a clock of its own.
 *
 * @example
 * ```ts
 * import { Segment, type SegmentMember } from '@fairlead/nic-driver-memory';
 *
 * // Two simulated NICs on one cable: what one sends, the other receives.
 * function connect(left: SegmentMember, right: SegmentMember): Segment {
 *   const cable = new Segment();
 *   cable.add(left);
 *   cable.add(right);
 *   return cable;
 * }
 * ```
 */
export class Segment {
  static readonly #named = new Map<string, Segment>();

  readonly #members: SegmentMember[] = [];

  /** The segment of this name; there is one in a process (in each worker thread, where there are some). */
  static named(name: string): Segment {
    let segment = Segment.#named.get(name);
    if (segment === undefined) {
      segment = new Segment();
      Segment.#named.set(name, segment);
    }
    return segment;
  }

  /** NICs on it. */
  get size(): number {
    return this.#members.length;
  }

  /** Puts a NIC on it. */
  add(member: SegmentMember): void {
    if (!this.#members.includes(member)) this.#members.push(member);
  }

  /** Takes a NIC off it. */
  remove(member: SegmentMember): void {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
  }

  /** Carries a frame from one member to all others. */
  carry(sender: SegmentMember, memory: Uint8Array, at: number, bytes: number, dueUs: number): void {
    for (let i = 0; i < this.#members.length; i++) {
      const member = this.#members[i];
      if (member !== sender) member.arrive(memory, at, bytes, dueUs);
    }
  }
}
