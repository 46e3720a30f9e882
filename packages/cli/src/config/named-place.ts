import type { HostConfig } from '@fairlead/core';

/**
 * Path of the NIC, VM or port that an error names, as `nic uplink0` or `virtual NIC web, traffic`: a part that fails
 * while it is opened knows its name, not where the configuration has it. Undefined when it names none.
 */
export function namedPlace(config: HostConfig, where: string): string | undefined {
  const words = new Set(where.split(/[\s",:]+/));
  const isNic = /^nic\b/i.test(where);
  const nic = config.nics.findIndex(({ name }) => words.has(name));
  if (isNic && nic >= 0) return `nics[${nic}].driver`;
  const vm = config.vms.findIndex(({ name }) => words.has(name));
  if (vm >= 0) return `vms[${vm}].device`;
  const port = config.ports.findIndex(({ name }) => words.has(name));
  if (port >= 0) return `ports[${port}].device`;
  return nic >= 0 ? `nics[${nic}].driver` : undefined;
}
