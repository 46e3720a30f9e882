import type { Host, NicStatus, VmInfo } from '@fairlead/core';
import { Type } from '@fairlead/sdk';
import { controlCommand } from '../command.ts';
import { nicRow, type RowValues, vmRow } from '../row-values.ts';

/** All that is known of a NIC. */
export interface NicReport extends NicStatus {
  /** Why it may not carry traffic; null while it may. */
  readonly whyDown: string | null;
  /** Teams of which it is a member. */
  readonly teams: readonly { readonly team: string; readonly role: string; readonly serving: boolean }[];
  /** What the link monitors think of it. */
  readonly verdicts: readonly { readonly monitor: string; readonly verdict: string; readonly why: string }[];
  /** Its row of the NIC table. */
  readonly columns: RowValues;
}

/** All that is known of a VM. */
export interface VmReport extends VmInfo {
  readonly team: string;
  /** NIC that an operator has put it on; null: load distribution chooses. */
  readonly pinnedTo: string | null;
  /** NICs that carry its frames now. */
  readonly nics: readonly string[];
  /** Its row of the VM table; null for an infinite rate. */
  readonly columns: RowValues;
}

function nicReport(host: Host, name: string): NicReport {
  const status = host.nics.status(name);
  const teams = host.teams.list().flatMap(({ name: team, active, standby, unused, serving }) => {
    const role = active.includes(name) ? 'active' : standby.includes(name) ? 'standby' : 'unused';
    return [...active, ...standby, ...unused].includes(name) ? [{ team, role, serving: serving.includes(name) }] : [];
  });
  return {
    ...status,
    whyDown: host.nics.whyDown(name) ?? null,
    teams,
    verdicts: host.nics.monitors?.verdicts(status.index) ?? [],
    columns: nicRow(host, status.index),
  };
}

function vmReport(host: Host, name: string): VmReport {
  const info = host.vms.status(name);
  const team = host.teams.status(host.teams.names[host.arena.vms.team[info.index] ?? 0] as string);
  const pinnedTo = host.teams.pinOf(name) ?? null;
  return {
    ...info,
    team: team.name,
    pinnedTo,
    nics: pinnedTo === null ? team.serving : [pinnedTo],
    columns: vmRow(host, info.index),
  };
}

const one = (of: string) => Type.Optional(Type.String({ minLength: 1, description: `name of a ${of}; all without` }));

export const inspectCommands = [
  controlCommand({
    name: 'nic.show',
    args: Type.Object({ nic: one('NIC') }, { additionalProperties: false }),
    run: ({ host }, { nic }) => {
      const names = nic === undefined ? host.nics.list().map((status) => status.name) : [nic];
      return names.map((name) => nicReport(host, name));
    },
  }),
  controlCommand({
    name: 'vm.show',
    args: Type.Object({ vm: one('VM') }, { additionalProperties: false }),
    run: ({ host }, { vm }) => {
      const names = vm === undefined ? host.vms.list().map((info) => info.name) : [vm];
      return names.map((name) => vmReport(host, name));
    },
  }),
];
