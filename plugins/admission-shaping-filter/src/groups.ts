import { FairleadError, type VmTable } from '@fairlead/sdk';

/**
 * The row of the buckets that each VM uses: its own, or that of the first VM of its group.
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` when a name is no VM's, a VM is in two groups, or the VMs of one
 * are not on one forwarding worker: each worker has an instance, and buckets, of its own.
 */
export function rowsOf(vms: VmTable, groups: readonly (readonly string[])[]): Int32Array {
  const rowOf = Int32Array.from({ length: vms.count }, (_, vm) => vm);
  const grouped = new Set<number>();
  for (const [i, names] of groups.entries()) {
    const where = `groups.${i}`;
    const members = names.map((name) => vms.names.indexOf(name));
    for (const [k, vm] of members.entries()) {
      if (vm < 0) throw misfit(`there is no VM "${names[k]}"`, where, 'use names from the configuration');
      if (grouped.has(vm)) throw misfit(`"${names[k]}" is in two groups, or twice in one`, where, 'name it once');
      if (vms.worker[vm] !== vms.worker[members[0]])
        throw misfit(`"${names[0]}" and "${names[k]}" are on two workers`, where, 'configure runtime: { workers: 1 }');
      grouped.add(vm);
      rowOf[vm] = members[0];
    }
  }
  return rowOf;
}

function misfit(what: string, where: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', what, { where, mend });
}
