import { FairleadError, formatMac, type NicTable, type VmTable } from '@fairlead/sdk';

/** NIC names by VM name or MAC, as an operator writes them. */
export type Pins = Readonly<Record<string, string | readonly string[]>>;

/**
 * The pins as numbers: for each VM its NICs in order of preference, an empty list for a VM that has no pin.
 * @throws FairleadError `FAIRLEAD_ERR_CONFIG_NAME` for a name that nothing has, or a VM that is pinned twice.
 */
export function pinnedNics(pins: Pins, nics: NicTable, vms: VmTable): readonly (readonly number[])[] {
  const vmByName = new Map(vms.names.map((name, vm) => [name, vm]));
  const vmByMac = new Map(vms.names.map((_, vm) => [macOf(vms, vm), vm]));
  const byVm: (readonly number[])[] = vms.names.map(() => []);

  for (const [key, value] of Object.entries(pins)) {
    const vm = vmByName.get(key) ?? vmByMac.get(key.toLowerCase().replaceAll('-', ':'));
    if (vm === undefined) throw unknown('VM', key, `options.pins.${key}`, vms.names);
    if (byVm[vm].length > 0) {
      throw new FairleadError('FAIRLEAD_ERR_CONFIG_NAME', `VM "${vms.names[vm]}" is pinned twice`, {
        where: `options.pins.${key}`,
        mend: 'keep one of the two, by name or by MAC',
      });
    }
    const names = typeof value === 'string' ? [value] : value;
    byVm[vm] = names.map((name, rank) => {
      const nic = nics.names.indexOf(name);
      const where = typeof value === 'string' ? `options.pins.${key}` : `options.pins.${key}[${rank}]`;
      if (nic < 0) throw unknown('NIC', name, where, nics.names);
      return nic;
    });
  }
  return byVm;
}

function unknown(what: string, name: string, where: string, known: readonly string[]): FairleadError {
  const shown = known.slice(0, 20).join(', ') + (known.length > 20 ? `, … (${known.length} in all)` : '');
  return new FairleadError('FAIRLEAD_ERR_CONFIG_NAME', `no ${what} is called "${name}"`, {
    where,
    mend: `use one of ${shown}`,
  });
}

function macOf(vms: VmTable, vm: number): string {
  const bytes = new DataView(new ArrayBuffer(6));
  bytes.setInt32(0, vms.macWord0[vm], true);
  bytes.setUint16(4, vms.macWord1[vm], true);
  return formatMac(new Uint8Array(bytes.buffer));
}
