/** What a link monitor thinks of a NIC. */
export type LinkVerdict =
  /** It carries traffic, as far as this monitor can tell. */
  | 'up'
  /** It does not: the NIC is taken out of service, whatever its carrier says. */
  | 'down'
  /** Something is wrong, and this monitor cannot tell on which NIC. Nothing is changed. */
  | 'ambiguous'
  /** Not enough has been seen yet. Nothing is changed. */
  | 'unknown';

/**
 * What a link monitor may use: the members of its team, and frames of the host's own. Frames are sent over any member,
 * also over one that carries no VM's frames now, and are no VM's.
 *
 * @example
 * ```ts
 * import type { LinkVerdict, MemberPort } from '@fairlead/sdk';
 *
 * // Says hello on every member; what nobody could send now is said again at the next poll.
 * function greet(port: MemberPort, frame: Uint8Array): void {
 *   for (const nic of port.members) if (port.carrier(nic)) port.send(nic, frame);
 * }
 * const verdict = (answers: number): LinkVerdict => (answers > 0 ? 'up' : 'unknown');
 * ```
 */
export interface MemberPort {
  /** Name of the team. */
  readonly team: string;
  /** NIC numbers of the team's active and standby members, as they are now. */
  readonly members: readonly number[];
  /**
   * Address of the host's own for each NIC, six bytes: locally administered, other than any other host's, and the same
   * at every start with the same VMs.
   */
  address(nic: number): Uint8Array;
  /** Whether the driver reports a link. */
  carrier(nic: number): boolean;
  /** Link speed in bit/s. */
  speedBps(nic: number): number;
  /** Sends a frame; false when there was no room: try again at the next poll. */
  send(nic: number, frame: Uint8Array): boolean;
  /**
   * Has frames of an EtherType given to `receive`: those to a group address (`group`: no VM gets them then), or those to
   * an address that no VM has. Call it in the constructor.
   */
  listen(etherType: number, group: boolean): void;
}

/**
 * Is a NIC whose link is up fit to carry traffic? One instance for each team, on the host's own thread.
 *
 * A verdict counts from the next poll of the links on (`linkPollMs`, 10 ms). Of several monitors one `down` is enough. A
 * monitor that throws is put aside and reported, and its verdicts count no more. What arrives comes from strangers: it is
 * bounded in number, and nothing in it may be trusted.
 *
 * @example
 * ```ts
 * import type { LinkMonitor, LinkVerdict } from '@fairlead/sdk';
 *
 * // Trusts every link: what a team without a monitor does.
 * class Trusting implements LinkMonitor {
 *   poll(): number {
 *     return Number.POSITIVE_INFINITY;
 *   }
 *
 *   verdict(): LinkVerdict {
 *     return 'up';
 *   }
 * }
 * ```
 */
export interface LinkMonitor {
  /** Called when it is due, at every poll of the links at most. Returns when it wants to be called again, in microseconds. */
  poll(nowUs: number): number;
  /** A frame of an EtherType that it listens to has arrived on a member. The bytes are its own to keep. */
  receive?(nic: number, frame: Uint8Array, nowUs: number): undefined;
  /** What it thinks of a member now. */
  verdict(nic: number): LinkVerdict;
  /** Why, in words, for people. */
  explain?(nic: number): string;
  /** Called once after the last hook. */
  close?(): Promise<void>;
}
