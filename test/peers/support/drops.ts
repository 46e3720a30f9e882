import type { Host } from '@fairlead/core';
import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';

/** Frames of a VM that were dropped on their way out for a reason. */
export function droppedAs(host: Host, vm: string, reason: DropReason): number {
  return host.arena.vms.dropped[host.vms.index(vm) * DROP_REASON_COUNT + reason];
}

/** Frames of a VM that its admission policy has dropped. */
export function policed(host: Host, vm: string): number {
  return droppedAs(host, vm, DropReason.Policed);
}
