import type { Host } from '@fairlead/core';
import type { NicDriver } from '@fairlead/sdk';

/** A simulated NIC has a cable that can be pulled. */
interface Cabled extends NicDriver {
  setLink(up: boolean): void;
}

/**
 * Takes NIC `index` away, or gives it back: of a simulated NIC the cable is pulled, so that the host has to find out for
 * itself; any other is disabled as an operator would.
 */
export function toggleNic(host: Host, index: number): void {
  const nic = host.nics.list()[index];
  if (nic === undefined) return;
  const driver = host.nics.driver(nic.name);
  if ('setLink' in driver && nic.admin) (driver as Cabled).setLink(!driver.link().up);
  else host.nics.setAdmin(nic.name, !nic.admin);
}
