import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WrittenHostConfig } from '@fairlead/core';
import { until } from './deadline.ts';
import { HostProcess } from './host-process.ts';
import { type InterfaceCounters, interfaceCounters } from './interface-counters.ts';
import { NetworkLab } from './namespaces.ts';
import { Guest } from './qemu.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
import { serveTransfers } from './transfer.ts';
import { twoUplinks, type UplinkNetwork } from './uplinks.ts';

/** The machine that the guests talk to. */
export const PEER = '10.77.0.1';

/** A VM of the host; with an `address` it is a real guest, without one the test itself connects to its socket. */
export interface RealVm {
  readonly name: string;
  readonly mac: string;
  readonly address?: string;
  readonly bandwidth?: { readonly limitBps: number; readonly burstBytes: number };
  readonly suspendOnFailover?: boolean;
}

/** One host, two uplinks, the network behind them, and guests in QEMU. */
export class RealRun {
  readonly lab: NetworkLab;
  readonly network: UplinkNetwork;
  readonly host: HostProcess;
  readonly #guests: ReadonlyMap<string, Guest>;
  readonly #directory: TemporaryDirectory;

  private constructor(
    lab: NetworkLab,
    network: UplinkNetwork,
    host: HostProcess,
    guests: ReadonlyMap<string, Guest>,
    directory: TemporaryDirectory,
  ) {
    this.lab = lab;
    this.network = network;
    this.host = host;
    this.#guests = guests;
    this.#directory = directory;
  }

  /** Builds the network, starts the host and then, all at once, the guests; the peer has an iperf3 server
   * for each, numbered as they are. With a hypervisor the host waits for the guests, so that all start at once. */
  static async start(
    vms: readonly RealVm[],
    policies: Omit<WrittenHostConfig, 'nics' | 'vms' | 'hypervisor'>,
    hypervisor?: (sockets: string) => NonNullable<WrittenHostConfig['hypervisor']>,
  ): Promise<RealRun> {
    const directory = temporaryDirectory();
    const lab = await NetworkLab.open();
    const socket = (name: string): string => join(directory.path, `${name}.sock`);
    const guests = new Map<string, Guest>();
    let host: HostProcess | undefined;
    try {
      const network = await twoUplinks(lab, `${PEER}/24`);
      const starting = HostProcess.start({
        nics: network.uplinks.map(({ device }, number) => ({
          name: `uplink${number}`,
          driver: { use: 'af-packet', options: { interface: device } },
        })),
        vms: vms.map(({ name, mac, bandwidth, suspendOnFailover }) => ({
          name,
          mac,
          device: { use: 'qemu-stream', options: { path: socket(name) } },
          ...(bandwidth === undefined ? {} : { bandwidth }),
          ...(suspendOnFailover === undefined ? {} : { suspendOnFailover }),
        })),
        ...policies,
        ...(hypervisor === undefined ? {} : { hypervisor: hypervisor(join(directory.path, '{vm}.qmp')) }),
      });
      starting.catch(() => undefined); // it is waited for below, at the latest
      if (hypervisor === undefined) host = await starting;
      const boot = async ({ name, mac, address }: RealVm & { address: string }): Promise<void> => {
        const listens = until(() => existsSync(socket(name)), 60_000, `NIC of guest ${name}`);
        await Promise.race([listens, starting.then(() => listens)]);
        const guest = await Guest.start({
          name,
          mac,
          nicPath: socket(name),
          address: `${address}/24`,
          qmpPath: join(directory.path, `${name}.qmp`),
        });
        guests.set(name, guest);
      };
      const real = vms.filter((vm): vm is RealVm & { address: string } => vm.address !== undefined);
      // Every guest is waited for, also when one fails: what has started must be stopped.
      const booted = await Promise.allSettled(real.map(boot));
      for (const one of booted) if (one.status === 'rejected') throw one.reason;
      host = await starting;
      for (const server of real.keys()) await serveTransfers(lab, network.peer, server);
      return new RealRun(lab, network, host, guests, directory);
    } catch (error) {
      for (const guest of guests.values()) await guest.stop();
      await host?.kill();
      await lab.close();
      directory.remove();
      throw error;
    }
  }

  guest(name: string): Guest {
    const guest = this.#guests.get(name);
    if (guest === undefined) throw new Error(`"${name}" is no real guest`);
    return guest;
  }

  /** The socket of a VM's virtual NIC. */
  socket(name: string): string {
    return join(this.#directory.path, `${name}.sock`);
  }

  /** What the network's ends of the two uplinks have carried: `rx` is what the host sent. */
  async wire(): Promise<readonly [InterfaceCounters, InterfaceCounters]> {
    return Promise.all([interfaceCounters(this.network.ports[0]), interfaceCounters(this.network.ports[1])]);
  }

  /** Ends the guests and what is left of the rest. */
  async close(): Promise<void> {
    for (const guest of this.#guests.values()) await guest.stop();
    await this.host.kill();
    await this.lab.close();
    this.#directory.remove();
  }
}
