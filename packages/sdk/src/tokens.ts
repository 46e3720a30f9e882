import type { Clock, Log, Random } from './clock.ts';
import type { MoveLog } from './moves.ts';
import type { NicTable } from './nic-table.ts';
import type { VnicPort } from './points/device-emulator.ts';
import type { MemberPort } from './points/link-monitor.ts';
import type { NicContext } from './points/nic-driver.ts';
import type { VmTable } from './vm-table.ts';

declare const provides: unique symbol;
/** A name for a dependency of type `T`. */
export type Token<T> = symbol & { readonly [provides]?: T };

function token<T>(name: string): Token<T> {
  return Symbol.for(`fairlead.${name}`) as Token<T>;
}

/** The plugin's validated options. Every kind. */
export const Options = token<unknown>('Options');
/** The NICs as this worker sees them. Every kind. */
export const Nics = token<NicTable>('Nics');
/** The VMs. Every kind. */
export const Vms = token<VmTable>('Vms');
/** The host's clock. Every kind. */
export const Time = token<Clock>('Time');
/** A seeded generator of the plugin's own. Every kind. */
export const Randomness = token<Random>('Randomness');
/** A log that puts the plugin's name before each message. Every kind. */
export const Logger = token<Log>('Logger');
/** Where it tells what it has moved. `load-distribution` only. */
export const Moves = token<MoveLog>('Moves');
/** Which NIC, and which of its queues, a driver serves. `nic-driver` only. */
export const Nic = token<NicContext>('Nic');
/** The members of the team that it watches. `link-monitor` only. */
export const Members = token<MemberPort>('Members');
/** The host's side of a virtual NIC. `device-emulator` only. */
export const Port = token<VnicPort>('Port');
