import type { Composition } from '@fairlead/core';

/** A host of a cluster, before it is simulated. */
export interface HostPlan {
  readonly name: string;
  /** As it is configured. */
  readonly host: Composition;
  /** Name of the registry that it has in common with others of its rack; undefined when it knows none. */
  readonly registry: string | undefined;
  /** Row of the template that each VM was made from; undefined when the host repeats none. */
  readonly modelRows?: readonly number[] | undefined;
  /** Numbers of its VMs over the whole cluster, by row. */
  readonly vms: readonly number[];
}

/** A host as a scenario has it. */
export type NamedHost = Omit<HostPlan, 'vms'>;

/** Who is where in a cluster: its hosts and VMs, under the numbers that every thread gives them. */
export class Roster {
  readonly hosts: readonly HostPlan[];
  /** By number: name, address, and the host on which the VM is at first. */
  readonly vms: readonly string[];
  readonly macs: readonly string[];
  readonly homes: Int32Array;
  /** VMs that several hosts name: each of them may have it. */
  readonly movable: ReadonlySet<number>;
  readonly #numbers: ReadonlyMap<string, number>;

  /** @param hosts as configured, each with its name; a VM that several name is at home where it is started. */
  constructor(hosts: readonly NamedHost[]) {
    const numbers = new Map<string, number>();
    const macs: string[] = [];
    const homes: number[] = [];
    const movable = new Set<number>();
    // First those that a host starts: what others may take does not change who is which number.
    for (const { host } of hosts)
      for (const { name, start } of host.config.vms) if (start && !numbers.has(name)) numbers.set(name, numbers.size);
    const seen = new Set<number>();
    this.hosts = hosts.map((host, place) => ({
      ...host,
      vms: host.host.config.vms.map((vm) => {
        const number = numbers.get(vm.name) ?? numbers.size;
        numbers.set(vm.name, number);
        if (seen.has(number)) movable.add(number);
        seen.add(number);
        macs[number] ??= vm.mac;
        if (vm.start || homes[number] === undefined) homes[number] = place;
        return number;
      }),
    }));
    this.vms = [...numbers.keys()];
    this.macs = macs;
    this.homes = Int32Array.from(homes);
    this.movable = movable;
    this.#numbers = numbers;
  }

  /** Number of a VM; -1 when there is none of that name. */
  numberOf(name: string): number {
    return this.#numbers.get(name) ?? -1;
  }
}

/** The first host of each rack, of hosts as they are listed: none of a rack has a registry or a VM that is another one's. */
export function racksOf(hosts: readonly NamedHost[]): number[] {
  const last = new Map<string, number>();
  const marks = hosts.map(({ host, registry }) => [
    ...(registry === undefined ? [] : [`registry ${registry}`]),
    ...host.config.vms.map(({ name }) => `VM ${name}`),
  ]);
  for (const [place, names] of marks.entries()) for (const name of names) last.set(name, place);
  const firsts: number[] = [];
  let end = -1;
  for (const [place, names] of marks.entries()) {
    if (place > end) firsts.push(place);
    end = Math.max(end, place, ...names.map((name) => last.get(name) as number));
  }
  return firsts;
}

/** Seed of a host's own choices, by its number. */
export function seedOf(seed: number, host: number): number {
  return (seed ^ Math.imul(host + 1, 0x9e37_79b1)) >>> 0;
}
