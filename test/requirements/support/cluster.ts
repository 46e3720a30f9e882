import { type Host, type HostBuilder, use } from '@fairlead/core';
import embedded from '@fairlead/host-registry-embedded';
import simulated from '@fairlead/hypervisor-simulated';
import { nic, type SimulatedVm, simulatedHost, started, type VmName } from './hosts.ts';
import { Switch } from './switch.ts';

/** Two hosts that know each other, each with a NIC of its own at one switch. */
export interface TwoHosts {
  readonly hosts: readonly Host[];
  readonly first: Host;
  readonly second: Host;
  readonly network: Switch;
  /** Lets virtual time go by on both, a millisecond at a time; responders and hosts have their turn in between. */
  run(ms: number): Promise<void>;
}

let clusters = 0;

/** The VMs run on the first host; the second one may take them. `more` says what else both have. */
export async function twoHosts(
  vms: Partial<Record<VmName, SimulatedVm>>,
  more: (builder: HostBuilder) => HostBuilder,
): Promise<TwoHosts> {
  const cluster = `requirements ${++clusters}`;
  const network = new Switch();
  const hosts: Host[] = [];
  for (const name of ['first', 'second']) {
    const own = Object.fromEntries(
      Object.entries(vms).map(([vm, more]) => [vm, name === 'first' ? more : { ...more, start: false }]),
    );
    const builder = more(simulatedHost([1e9], own))
      .announce({ count: 1 })
      .hypervisor(use(simulated, { host: `${cluster} ${name}` }))
      .registry(name, use(embedded, { name: cluster }));
    const host = await started(builder);
    network.plug(name, nic(host, 'nic0'));
    hosts.push(host);
  }
  const [first, second] = hosts as [Host, Host];
  return {
    hosts,
    first,
    second,
    network,
    run: async (ms) => {
      for (let done = 0; done < ms; done++) {
        for (const host of hosts) host.run(1000);
        for (const host of [...hosts, ...hosts]) {
          await host.cluster.idle();
          await host.signals.idle();
        }
      }
    },
  };
}
