import type { Arena } from '../memory/arena.ts';
import type { Devices } from '../runtime/devices.ts';

/** Which way frames go, seen from the host. */
export type Direction = 'inbound' | 'outbound';

/** What a host does to a VM's frames by itself, without a hypervisor. */
export interface VmReins {
  /** Has what a VM receives wait for so long; 0: not at all. */
  delay(vm: number, delayUs: number): void;
  /** Drops what a VM receives, or sends, beyond a rate; Infinity: nothing. */
  police(vm: number, direction: Direction, rateBps: number): void;
}

/** As a host does it: frames are delayed where virtual NICs are polled, and policed by the workers that own the VMs. */
export function createReins(arena: Arena, devices: Pick<Devices, 'delay'>, nowUs: () => number): VmReins {
  const { policedInboundBps, policedOutboundBps } = arena.vms;
  return {
    delay: (vm, delayUs) => devices.delay(vm, delayUs, nowUs()),
    police(vm, direction, rateBps) {
      const column = direction === 'inbound' ? policedInboundBps : policedOutboundBps;
      column[vm] = rateBps === Number.POSITIVE_INFINITY ? 0 : rateBps;
      arena.threads.announceChange();
      arena.wakeWorkers();
    },
  };
}
