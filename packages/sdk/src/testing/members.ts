import type { MemberPort } from '../points/link-monitor.ts';

/** A frame that a link monitor under test has sent. */
export interface SentOverMember {
  /** NIC number. */
  readonly nic: number;
  /** A copy of the frame. */
  readonly frame: Uint8Array;
}

/**
 * The members of a team for the test of a link monitor: keeps what is sent, and lets the test pull cables.
 *
 * @example
 * ```ts
 * import { type SentOverMember, TestMembers } from '@fairlead/sdk/testing';
 *
 * const members = new TestMembers([0, 1]);
 * members.down.add(1); // no carrier there
 * members.send(0, new Uint8Array(60));
 * const sent: SentOverMember[] = members.take();
 * console.log(sent.length, members.carrier(1)); // 1 false
 * ```
 */
export class TestMembers implements MemberPort {
  readonly team = 'team';
  /** NIC numbers; a test may change them. */
  members: readonly number[];
  /** NICs without a carrier. */
  readonly down = new Set<number>();
  /** NICs that take no frame now. */
  readonly full = new Set<number>();
  /** What was listened to. */
  readonly listened: { etherType: number; group: boolean }[] = [];
  readonly #host: number;
  #sent: SentOverMember[] = [];

  /** @param host - sets the addresses apart from those of another team of the test, 0 to 255. */
  constructor(members: readonly number[], host = 0) {
    this.members = members;
    this.#host = host;
  }

  address(nic: number): Uint8Array {
    return Uint8Array.from([0x02, 0xfa, 0x1e, 0xad, this.#host, nic]);
  }

  carrier(nic: number): boolean {
    return !this.down.has(nic);
  }

  speedBps(): number {
    return 1e9;
  }

  send(nic: number, frame: Uint8Array): boolean {
    if (this.full.has(nic)) return false;
    this.#sent.push({ nic, frame: frame.slice() });
    return true;
  }

  listen(etherType: number, group: boolean): void {
    this.listened.push({ etherType, group });
  }

  /** What was sent since this was last asked, in order. */
  take(): SentOverMember[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }
}
