import type { Meter } from '../measure/meter.ts';
import type { Network } from '../network/network.ts';
import type { SimulatedGuest } from '../traffic/guest.ts';

/** Where the VMs of a simulation are, as its traffic must know: by their numbers, which are the same all over it. */
export interface Places {
  /** Names of all VMs, by number. */
  readonly vms: readonly string[];
  /** Number of a VM; -1 for a name that is somebody's beyond the NICs. */
  numberOf(name: string): number;
  macOf(vm: number): string;
  /** The host on which a VM is at first. */
  homeOf(vm: number): number;
  /** A VM where it is at first; undefined when that is not simulated by this thread. */
  guestOf(vm: number): SimulatedGuest | undefined;
  /** What is beyond the NICs of a host; undefined likewise. */
  networkOf(host: number): Network | undefined;
  /** What measures the frames of a VM in a direction. */
  meterOf(vm: number, direction: Meter['direction']): Meter;
}
