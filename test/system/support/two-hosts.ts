import { join } from 'node:path';
import type { WrittenHostConfig } from '@fairlead/core';
import { FairleadRun } from './fairlead-run.ts';
import { type InterfaceCounters, interfaceCounters } from './interface-counters.ts';
import { NetworkLab } from './namespaces.ts';
import { Guest } from './qemu.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
import { type TwoHostNetwork, twoHostNetwork } from './two-host-network.ts';

/** A guest, and which host it starts on. */
export interface LabVm {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
  readonly host: 0 | 1;
  readonly bandwidth?: { readonly limitBps: number; readonly burstBytes: number };
  /** Whether the other host may receive it: a QEMU waits for it there. */
  readonly movable?: boolean;
}

/** What a test says of a host, beside its NICs and VMs. */
export type HostShape = Omit<WrittenHostConfig, 'nics' | 'vms'>;

/** What a test may need to describe a host: paths of one directory, of which each host has files of its own. */
export interface HostPaths {
  readonly host: 0 | 1;
  /** QMP sockets of its VMs, for the option of a hypervisor. */
  readonly qmp: string;
  /** Where its QEMUs listen for VMs that come. */
  readonly migration: string;
}

/** Two `fairlead run` on one bridge, with two uplinks each, and guests in QEMU behind them. */
export class TwoHosts {
  readonly lab: NetworkLab;
  readonly network: TwoHostNetwork;
  readonly #directory: TemporaryDirectory;
  readonly #vms: readonly LabVm[];
  readonly #guests = new Map<string, Guest>();
  readonly #runs: FairleadRun[] = [];

  private constructor(lab: NetworkLab, network: TwoHostNetwork, directory: TemporaryDirectory, vms: readonly LabVm[]) {
    this.lab = lab;
    this.network = network;
    this.#directory = directory;
    this.#vms = vms;
  }

  /** Builds the network; what runs on it is started by {@link run}. */
  static async open(vms: readonly LabVm[]): Promise<TwoHosts> {
    const directory = temporaryDirectory();
    const lab = await NetworkLab.open();
    try {
      return new TwoHosts(lab, await twoHostNetwork(lab), directory, vms);
    } catch (error) {
      await lab.close();
      directory.remove();
      throw error;
    }
  }

  /** Starts both hosts, then all guests at once, and waits until everything runs. */
  async run(shape: (paths: HostPaths) => HostShape): Promise<this> {
    for (const host of [0, 1] as const) this.#runs.push(await this.#launch(host, shape(this.#paths(host))));
    const here = this.#vms.map((vm) => this.#boot(vm, vm.host, false));
    const there = this.#vms.flatMap((vm) =>
      vm.movable === true ? [this.#boot(vm, (1 - vm.host) as 0 | 1, true)] : [],
    );
    // Every one is waited for, also when one fails: what has started must be stopped.
    const results = await Promise.allSettled([...here, ...there, ...this.#runs.map((run) => run.ready(150_000))]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return this;
  }

  host(number: 0 | 1): FairleadRun {
    return this.#runs[number] as FairleadRun;
  }

  /** A guest where it was started, or the one that waits for it on the other host. */
  guest(name: string, host?: 0 | 1): Guest {
    const vm = this.#vms.find((one) => one.name === name);
    const guest = vm && this.#guests.get(`${name}@${host ?? vm.host}`);
    if (guest === undefined) throw new Error(`there is no guest "${name}"`);
    return guest;
  }

  /** What the bridge's ends of a host's two uplinks have carried: `rx` is what the host sent. */
  async wire(host: 0 | 1): Promise<readonly [InterfaceCounters, InterfaceCounters]> {
    const [first, second] = this.network.hosts[host].ports;
    return Promise.all([interfaceCounters(first), interfaceCounters(second)]);
  }

  /** Ends the guests and what is left of the rest. */
  async close(): Promise<void> {
    await Promise.all([...this.#guests.values()].map((guest) => guest.stop()));
    await this.lab.close();
    this.#directory.remove();
  }

  /** A file of the lab. */
  path(name: string): string {
    return join(this.#directory.path, name);
  }

  #paths(host: 0 | 1): HostPaths {
    return { host, qmp: this.path(`{vm}.${host}.qmp`), migration: `unix:${this.path(`{vm}.${host}.mig`)}` };
  }

  #launch(host: 0 | 1, shape: HostShape): Promise<FairleadRun> {
    const { namespace, uplinks } = this.network.hosts[host];
    const config: WrittenHostConfig = {
      name: `host${host}`,
      ...shape,
      nics: uplinks.map((device, i) => ({
        name: `uplink${i}`,
        driver: { use: 'af-packet', options: { interface: device } },
      })),
      vms: this.#vms
        .filter((vm) => vm.host === host || vm.movable === true)
        .map(({ name, mac, address, bandwidth, host: home }) => ({
          name,
          mac,
          addresses: [address],
          device: { use: 'qemu-stream', options: { path: this.path(`${name}.${host}.nic`) } },
          ...(bandwidth === undefined ? {} : { bandwidth }),
          ...(home === host ? {} : { start: false }),
        })),
    };
    return FairleadRun.launch(this.lab, namespace, this.#directory.path, `host${host}`, config);
  }

  async #boot({ name, mac, address, movable }: LabVm, host: 0 | 1, incoming: boolean): Promise<void> {
    const nicPath = this.path(`${name}.${host}.nic`);
    await this.host(host).made(nicPath);
    const guest = await Guest.start({
      name,
      mac,
      nicPath,
      address: `${address}/24`,
      namespace: this.network.hosts[host].namespace,
      qmpPath: this.path(`${name}.${host}.qmp`),
      ...(movable === true ? { memoryFile: this.path(`${name}.memory`) } : {}),
      incoming,
    });
    this.#guests.set(`${name}@${host}`, guest);
  }
}
