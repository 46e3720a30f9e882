import { createHost, type Host, type HostBuilder, use, type WrittenHostConfig } from '@fairlead/core';
import memoryDevice, { type MemoryGuest, type TrafficOptions } from '@fairlead/device-emulator-memory';
import memoryNic, { type MemoryNic } from '@fairlead/nic-driver-memory';
import type { Written } from '@fairlead/sdk';
import { onTestFinished } from 'vitest';

type WrittenVm = NonNullable<WrittenHostConfig['vms']>[number];

/** A VM of a simulated host, by its name. */
export interface SimulatedVm {
  readonly bandwidth?: NonNullable<WrittenVm['bandwidth']>;
  readonly start?: boolean;
  readonly team?: string;
  readonly suspendOnFailover?: boolean;
  readonly traffic?: Written<TrafficOptions>;
}

export type VmName = 'a' | 'b' | 'c' | 'd';

export const MAC: Record<VmName, string> = {
  a: '52:54:00:00:00:0a',
  b: '52:54:00:00:00:0b',
  c: '52:54:00:00:00:0c',
  d: '52:54:00:00:00:0d',
};

/** At this speed a byte takes a microsecond, which makes exact counts easy to read. */
export const BYTE_PER_US = 8e6;

/** An inline host with NICs nic0, nic1 … of the given speeds and simulated VMs; policies are the test's to add. */
export function simulatedHost(speedsBps: readonly number[], vms: Partial<Record<VmName, SimulatedVm>>): HostBuilder {
  const builder = createHost().inline().announce({ count: 0 });
  for (const [i, speedBps] of speedsBps.entries()) {
    builder.nic(`nic${i}`, use(memoryNic, { speedBps, keep: true, wireFrames: 16_384 }));
  }
  for (const [name, { traffic, ...more }] of Object.entries(vms)) {
    const device = use(memoryDevice, traffic === undefined ? {} : { traffic });
    builder.vm(name, MAC[name as VmName], device, more as Parameters<HostBuilder['vm']>[3]);
  }
  return builder;
}

/** Starts a host for the length of the test. */
export async function started(builder: HostBuilder): Promise<Host> {
  const host = await builder.start();
  onTestFinished(() => host.close());
  return host;
}

export function guest(host: Host, vm: string): MemoryGuest {
  return host.device<MemoryGuest>(vm);
}

export function nic(host: Host, name: string): MemoryNic {
  return host.nics.driver<MemoryNic>(name);
}

/** Passes at the present time until nothing moves any more; the clock stands still. */
export function settle(host: Host): void {
  while (host.pass() > 0);
}

/** Lets virtual time go by, a millisecond at a time, and the responders have their turn in between. */
export async function runWithResponders(host: Host, ms: number): Promise<void> {
  for (let done = 0; done < ms; done++) {
    host.run(1000);
    await host.signals.idle();
  }
}

/** Makes exactly these NICs available, by the operator's hand. */
export function enableOnly(host: Host, names: readonly string[]): void {
  // First those that come, so that at no time there is none and the frames that wait have somewhere to go.
  for (const name of names) host.nics.setAdmin(name, true);
  for (const { name } of host.nics.list()) if (!names.includes(name)) host.nics.setAdmin(name, false);
  settle(host);
}

/** Bytes that each NIC has been chosen for so far, sent or still pending, in the order of the NICs. */
export function bytesGiven(host: Host): number[] {
  return host.nics.list().map((status) => status.txBytes + status.pendingBytes);
}

/** Does something at the present time and tells the NICs that were chosen by it: their bytes, by name. */
export function given(host: Host, act: () => void): Record<string, number> {
  const before = bytesGiven(host);
  act();
  settle(host);
  const names = host.nics.list().map((status) => status.name);
  const added = bytesGiven(host).map((bytes, i) => [names[i], bytes - before[i]] as const);
  return Object.fromEntries(added.filter(([, bytes]) => bytes > 0));
}

/** Like `given`, for one frame of any length: the NIC it was given to, or 'none'. */
export function chosenNic(host: Host, act: () => void): string {
  const names = Object.keys(given(host, act));
  if (names.length > 1) throw new Error(`one frame was given to ${names.join(' and ')}`);
  return names[0] ?? 'none';
}

/** Frames that each NIC has put on its wire since this was last asked, in the order of the NICs. */
export function takeSent(host: Host): Uint8Array[][] {
  return host.nics.list().map(({ name }) => nic(host, name).takeTransmitted());
}
