import type { UnmetReservation } from './managers/resource-manager.ts';
import type { VmState } from './managers/vm-manager.ts';
import type { ShadowNotice, SwapNotice } from './succession/exchange.ts';
import type { TeamMove } from './teams/team-status.ts';

/**
 * What a host tells whoever listens.
 *
 * @example
 * ```ts
 * import type { Host, HostEvents } from '@fairlead/core';
 *
 * function watch(watched: Host): void {
 *   const tell = (...[{ nic, state, cause }]: HostEvents['nic']) => console.error(`${nic} is ${state}: ${cause}`);
 *   watched.on('nic', tell);
 * }
 * ```
 */
export interface HostEvents {
  /** A plugin failed and was put aside. */
  fault: [fault: { plugin: string; hook: string; vm: string; fallback: string; message: string }];
  /** Other NICs serve a team, or another one is first. */
  team: [move: TeamMove];
  /** A NIC became available or ceased to be. */
  nic: [change: { nic: string; state: 'up' | 'down'; cause: string }];
  /** A VM is in another state. */
  vm: [change: { vm: string; state: VmState }];
  /** A virtual NIC failed; its VM sends and receives nothing until the host is made again. */
  device: [failure: { device: string; message: string }];
  /** A forwarding worker stalled or died and was replaced. */
  worker: [loss: { worker: number; cause: string }];
  /** The VMs that are entitled to less than they have reserved, when these change. */
  'reservation-unmet': [unmet: readonly UnmetReservation[]];
  /** A policy was exchanged while the host ran. */
  swap: [notice: SwapNotice];
  /** A shadow was set, cleared, or put aside because it failed; the policies that decide are not touched by it. */
  shadow: [notice: ShadowNotice];
  /** A line of a plugin's log, or of the host's own. */
  log: [entry: { level: 'info' | 'warn'; plugin: string; message: string; fields: unknown }];
}
