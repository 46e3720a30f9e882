import type { HostConfig } from './config.ts';

/** What a VM may say of itself in its frames. */
export interface PortSecurity {
  /** True: a frame whose source MAC is not the VM's own is dropped. */
  readonly portSecurity: boolean;
  /**
   * IP addresses of each VM, by its number: a frame that names another sender in ARP, IP or neighbour discovery is
   * dropped. Left out: nothing but the source MAC is looked at.
   */
  readonly addresses?: readonly (readonly string[])[];
}

/** As a host is configured with it. */
export function portSecurityOf({ security, vms }: HostConfig): PortSecurity {
  const { portSecurity } = security;
  if (portSecurity !== 'mac+ip') return { portSecurity: portSecurity !== false };
  return { portSecurity: true, addresses: vms.map((vm) => vm.addresses) };
}
