import type { ErrorCode, FairleadError } from '@fairlead/sdk';
import type { ClusterNotice } from './cluster/cluster.ts';
import type { MigrationRecord } from './cluster/migration-record.ts';
import type { FailureMode } from './config.ts';
import type { UnmetReservation } from './managers/resource-manager.ts';
import type { VmState } from './managers/vm-manager.ts';
import type { FaultCost, FaultInput } from './path/plugin-failure.ts';
import type { ActionRecord } from './signals/action-record.ts';
import type { SignalNotice } from './signals/signal-board.ts';
import type { ShadowNotice, SwapNotice } from './succession/exchange.ts';
import type { TeamMove } from './teams/team-status.ts';

/**
 * A plugin that has failed, and what came of it.
 *
 * @example
 * ```ts
 * import type { FaultCost, FaultInput, HostFault } from '@fairlead/core';
 *
 * const size = (input: FaultInput) => `${input.frames} frames, ${input.bytes} bytes`;
 * const over = (cost: FaultCost) => `${cost.used} of ${cost.allowed} ${cost.unit}`;
 * host.on('fault', ({ plugin, hook, code, fail, input, cost }: HostFault) => {
 *   console.error(code, `${plugin}.${hook}`, fail, input && size(input), cost && over(cost));
 * });
 * ```
 */
export interface HostFault {
  /** Name of the plugin. */
  readonly plugin: string;
  /** The hook that failed, or `constructor`. */
  readonly hook: string;
  /** How it failed. */
  readonly code: ErrorCode;
  /** The whole of it in words: what, where, mend. */
  readonly message: string;
  /** VM that it was asked about; empty when it was about none. */
  readonly vm: string;
  /** NIC whose driver it is; empty for another kind of plugin. */
  readonly nic: string;
  /** Forwarding worker whose instance it was; -1 on the host's own thread. */
  readonly worker: number;
  /** What the failure means for the traffic. */
  readonly fail: FailureMode;
  /** Who serves in its place. */
  readonly fallback: string;
  /** The batch that it failed at. After a stall only what its VM had waiting is known. */
  readonly input: FaultInput | undefined;
  /** What it used and what it was allowed, when it broke its budget. */
  readonly cost: FaultCost | undefined;
}

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
  /** A plugin failed and was put aside, or did not answer a control call in time. */
  fault: [fault: HostFault];
  /** Other NICs serve a team, or another one is first; a VM or a part of the frames has moved. */
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
  /** A detector has found something to be the matter, or no longer does. */
  signal: [notice: SignalNotice];
  /** A responder did something about a signal, it was undone, or it was withheld. */
  action: [record: ActionRecord];
  /** A VM goes to another host, or comes from one: what has become of it. */
  migration: [record: MigrationRecord];
  /** What a person should know of this host among others. */
  cluster: [notice: ClusterNotice];
  /** A policy was exchanged while the host ran. */
  swap: [notice: SwapNotice];
  /** A shadow was set, cleared, or put aside because it failed; the policies that decide are not touched by it. */
  shadow: [notice: ShadowNotice];
  /** A line of a plugin's log, or of the host's own. */
  log: [entry: { level: 'info' | 'warn'; plugin: string; message: string; fields: unknown }];
  /** The host has stopped itself and is closed: `FAIRLEAD_ERR_HOST_STOPPED`. Nothing follows. */
  stopped: [error: FairleadError];
}
