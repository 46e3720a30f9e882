import type { Places } from '../run/places.ts';
import type { SimulatedGuest } from '../traffic/guest.ts';
import type { Member } from './member.ts';
import type { ClusterMeters } from './meters.ts';
import type { Roster } from './roster.ts';

/** Where the VMs are of which this thread knows: those of `members`, the first of which is host `first`. */
export function clusterPlaces(
  roster: Roster,
  members: readonly Member[],
  first: number,
  meters: ClusterMeters,
): Places {
  const guestOn = (member: Member | undefined, vm: number): SimulatedGuest | undefined => {
    const row = member?.plan.vms.indexOf(vm) ?? -1;
    return row < 0 ? undefined : member?.guest(row);
  };
  return {
    vms: roster.vms,
    numberOf: (name) => roster.numberOf(name),
    macOf: (vm) => roster.macs[vm] ?? '',
    homeOf: (vm) => roster.homes[vm],
    guestOf: (vm) => guestOn(members[roster.homes[vm] - first], vm),
    networkOf: (host) => members[host - first]?.network,
    meterOf: (vm, direction) => meters.of(vm, direction),
  };
}
