import type { UnmetReservation } from './managers/resource-manager.ts';
import type { VmState } from './managers/vm-manager.ts';
import type { ShadowNotice, SwapNotice } from './succession/exchange.ts';
import type { TeamMove } from './teams/team-status.ts';

/** What a host tells whoever listens. */
export interface HostEvents {
  /** A plugin failed and was put aside. */
  fault: [fault: { plugin: string; hook: string; vm: string; fallback: string; message: string }];
  /** Other NICs serve a team, or another one is first. */
  team: [move: TeamMove];
  nic: [change: { nic: string; state: 'up' | 'down'; cause: string }];
  vm: [change: { vm: string; state: VmState }];
  device: [failure: { device: string; message: string }];
  worker: [loss: { worker: number; cause: string }];
  'reservation-unmet': [unmet: readonly UnmetReservation[]];
  /** A policy was exchanged while the host ran. */
  swap: [notice: SwapNotice];
  /** A shadow was set, cleared, or put aside because it failed; the policies that decide are not touched by it. */
  shadow: [notice: ShadowNotice];
  log: [entry: { level: 'info' | 'warn'; plugin: string; message: string; fields: unknown }];
}
