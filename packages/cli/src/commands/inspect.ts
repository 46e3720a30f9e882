import { ask } from '../control/client.ts';
import type { NicReport, VmReport } from '../control/commands/inspect.ts';
import type { Output } from '../output.ts';
import { nicLines, nicTable, vmLines, vmTable } from '../view/inspect.ts';
import type { ControlOptions } from './status.ts';

/** `fairlead nic show`: all NICs of a running host in a table, or all about one. */
export async function showNics(nic: string | undefined, flags: ControlOptions, output: Output): Promise<number> {
  const nics = await ask<NicReport[]>(flags.control, 'nic.show', nic === undefined ? {} : { nic });
  if (flags.json) output.print(JSON.stringify({ version: 1, nics }));
  else for (const line of nic === undefined ? nicTable(nics) : nics.flatMap(nicLines)) output.print(line);
  return 0;
}

/** `fairlead vm show`: all VMs of a running host in a table, or all about one. */
export async function showVms(vm: string | undefined, flags: ControlOptions, output: Output): Promise<number> {
  const vms = await ask<VmReport[]>(flags.control, 'vm.show', vm === undefined ? {} : { vm });
  if (flags.json) output.print(JSON.stringify({ version: 1, vms }));
  else for (const line of vm === undefined ? vmTable(vms) : vms.flatMap(vmLines)) output.print(line);
  return 0;
}
