import type { Complaint, Composition } from '@fairlead/core';
import type { NamedHost } from './roster.ts';

/** How a host is repeated. */
export interface Repeats {
  readonly count: number;
  /** Hosts that know each other through one registry. */
  readonly rack: number;
  /** Hosts of its rack that each VM may go to: those behind its own, the first of the rack behind the last. */
  readonly neighbours: number;
  /** Names of the VMs that may, as the template has them; undefined: all that are started. */
  readonly movable: readonly string[] | undefined;
}

/** As many rows as a host may have. */
const MOST_ROWS = 65_536;

/** What is wrong with where VMs of such hosts are to go. */
export function checkRepeats(
  { config, hypervisor, registry }: Composition,
  { rack, neighbours, movable }: Repeats,
): Complaint[] {
  const complaints: Complaint[] = [];
  const wrong = (path: string, what: string, mend: string): void => {
    complaints.push({ code: 'FAIRLEAD_ERR_CONFIG_NAME', path: `hosts.${path}`, what, mend });
  };
  if (neighbours >= rack && neighbours > 0)
    wrong('neighbours', `in a rack of ${rack} a host has ${rack - 1} others`, 'lower it, or raise rack');
  if (neighbours > 0 && (hypervisor === undefined || registry === undefined))
    wrong('neighbours', 'VMs go from host to host with a registry and a hypervisor', 'give the template both');
  if (neighbours === 0 && movable !== undefined)
    wrong('movable', 'no VM may go anywhere without neighbours', 'say how many neighbours, or remove it');
  for (const [i, name] of (movable ?? []).entries()) {
    const vm = config.vms.find((one) => one.name === name);
    if (vm === undefined) wrong(`movable[${i}]`, `the template names no VM "${name}"`, 'remove it');
    else if (!vm.start) wrong(`movable[${i}]`, `VM "${name}" is not started`, 'remove it, or its start: false');
  }
  const rows = config.vms.length + neighbours * movableRows(config.vms, movable).length;
  if (rows > MOST_ROWS)
    wrong(
      'neighbours',
      `each host would have ${rows} VMs, of ${MOST_ROWS} at most`,
      'lower it, or say which are movable',
    );
  return complaints;
}

/**
 * The hosts of a template: the same host again and again, with names and addresses of its own and of its VMs. Behind its
 * own a host names the VMs that may come to it, which are not started there: those of the host before it in its rack, then
 * those of the one before that.
 *
 * ```
 *   rack of 3, neighbours: 1      h0: h0.vm0 h0.vm1 (h2.vm0 h2.vm1)
 *                                 h1: h1.vm0 h1.vm1 (h0.vm0 h0.vm1)
 *                                 h2: h2.vm0 h2.vm1 (h1.vm0 h1.vm1)
 * ```
 */
export function repeated(template: Composition, { count, rack, neighbours, movable }: Repeats): NamedHost[] {
  const { vms: models } = template.config;
  const own = models.map((_, row) => row);
  const guests = movableRows(models, movable);
  return Array.from({ length: count }, (_, place) => {
    const first = place - (place % rack);
    const others = Math.min(rack, count - first) - 1;
    const modelRows = [...own];
    const vms = models.map((vm, row) => vmLike(vm, place, row));
    for (let back = 1; back <= Math.min(neighbours, others); back++) {
      const home = first + ((place - first + others + 1 - back) % (others + 1));
      for (const row of guests) {
        modelRows.push(row);
        vms.push({ ...vmLike(models[row] as Vm, home, row), start: false });
      }
    }
    const name = `h${place}`;
    const registry = template.registry && `rack ${Math.floor(place / rack)}`;
    return { name, registry, modelRows, host: { ...template, config: { ...template.config, name, vms } } };
  });
}

/** The template as it is simulated, as one of the hosts that repeat it. */
export function asRepeated(simulated: Composition, { name, host, modelRows = [] }: NamedHost): Composition {
  const vms = host.config.vms.map((vm, row) => {
    const model = simulated.config.vms[modelRows[row] as number] as Vm;
    return { ...model, name: vm.name, mac: vm.mac, start: vm.start };
  });
  const devices = vms.map((vm, row) => {
    const model = simulated.devices[modelRows[row] as number] as (typeof simulated.devices)[number];
    return { ...model, name: vm.name, vms: [row] };
  });
  return { ...simulated, config: { ...simulated.config, name, vms }, devices };
}

type Vm = Composition['config']['vms'][number];

function movableRows(models: readonly Vm[], movable: readonly string[] | undefined): number[] {
  return models.flatMap(({ name, start }, row) => (start && (movable?.includes(name) ?? true) ? [row] : []));
}

function vmLike(vm: Vm, home: number, row: number): Vm {
  return { ...vm, name: `h${home}.${vm.name}`, mac: macOf(home, row) };
}

/** Locally administered (IEEE 802 §8.4), by host and row. */
function macOf(host: number, row: number): string {
  const octets = [0x52, 0x54, host >> 8, host & 0xff, row >> 8, row & 0xff];
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
