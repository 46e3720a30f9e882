import type { Composition } from '@fairlead/core';
import { checkHostFile } from '../config/check-host-file.ts';
import { faultLines } from '../config/fault.ts';
import type { Output } from '../output.ts';

/** `fairlead check`: says everything that is wrong with a configuration file. Changes nothing, opens nothing. */
export async function check(name: string, options: { readonly json?: boolean }, output: Output): Promise<number> {
  const { checked, faults } = await checkHostFile(name);
  if (options.json) {
    const summary = checked === undefined ? {} : { summary: summaryOf(checked.composition) };
    output.print(JSON.stringify({ file: name, ok: checked !== undefined, ...summary, errors: faults }));
  } else if (checked === undefined) {
    for (const fault of faults) for (const line of faultLines(fault)) output.tell(line);
    output.tell(`${name}: ${count(faults.length, 'error')}`);
  } else {
    output.print(`${name}: ok: ${describe(checked.composition)}`);
  }
  return checked === undefined ? 1 : 0;
}

/** A host in one line, as `3 NICs (1 standby), 4 VMs, shaping-filter, pending-load, 1 worker`. */
export function describe(composition: Composition): string {
  const { nics, spare, vms, admission, distribution, runtime } = summaryOf(composition);
  const roles = spare === 0 ? '' : ` (${spare} not active)`;
  const policies = `admission ${admission.join(', else ')}, distribution ${distribution.join(', else ')}`;
  return `${count(nics, 'NIC')}${roles}, ${count(vms, 'VM')}, ${policies}, ${runtime}`;
}

function summaryOf({ config, admission, distribution }: Composition) {
  const { kind, workers } = config.runtime;
  return {
    nics: config.nics.length,
    spare: config.nics.filter((nic) => nic.role !== 'active').length,
    vms: config.vms.length,
    admission: admission.chain.length === 0 ? ['none'] : admission.chain.map(nameOf),
    distribution: distribution.chain.length === 0 ? ['first-available'] : distribution.chain.map(nameOf),
    runtime: kind === 'inline' ? 'inline runtime' : count(workers, 'worker'),
  };
}

/** A plugin by its name; one that was written by a name that operators know by both, as `balance-slb (load-rebalance)`. */
function nameOf({ name, preset }: { readonly name: string; readonly preset?: string }): string {
  return preset === undefined ? name : `${preset} (${name})`;
}

function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}
