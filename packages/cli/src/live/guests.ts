import type { Composition, Host } from '@fairlead/core';
import type { DeviceEmulator } from '@fairlead/sdk';

/** A simulated guest counts what it wanted to send; a real one keeps that to itself. */
interface SimulatedGuest extends DeviceEmulator {
  readonly counters: { readonly offeredFrames: number };
}

interface Traffic {
  readonly traffic?: { readonly frameBytes: number };
}

/** For each VM a function that tells how many bytes its guest has wanted to send; undefined where nobody knows. */
export function offeredBytesOf(host: Host, composition: Composition): readonly ((() => number) | undefined)[] {
  const offered: ((() => number) | undefined)[] = composition.config.vms.map(() => undefined);
  for (const { name, shared, vms, plugin } of composition.devices) {
    const frameBytes = plugin.name === 'memory' ? (plugin.options as Traffic).traffic?.frameBytes : undefined;
    if (shared || frameBytes === undefined) continue;
    const guest = host.device<SimulatedGuest>(name);
    for (const vm of vms) offered[vm] = () => guest.counters.offeredFrames * frameBytes;
  }
  return offered;
}
