import { deepStrictEqual as assertSame } from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
// The worker threads load the built core, so the host beside them is the built one too.
import { type Host, hostFrom, type WrittenHostConfig } from '@fairlead/core';
import { NONE_STRAYED, strayedSlots } from './arena.ts';
import { bundled, type MemoryGuestHand } from './bundled.ts';
import { until } from './deadline.ts';
import { frame, macOf } from './frames.ts';

/** Plugins are looked for among the fixtures, by path, and among the bundled ones, by name. */
export const bases = [fileURLToPath(new URL('../fixtures', import.meta.url)), bundled];

/** Longer than a busy machine may keep a sound worker waiting. */
const PATIENT_MS = 5000;
/** How long a worker is waited for that is going to hang. */
export const HURRIED_MS = 200;

interface Fault {
  plugin: string;
  hook: string;
  vm: string;
  fallback: string;
}

/** A running host and what it has told. */
export class Observed {
  readonly faults: Fault[] = [];
  readonly losses: string[] = [];
  readonly nicChanges: string[] = [];

  constructor(readonly host: Host) {
    host.on('fault', ({ plugin, hook, vm, fallback }) => this.faults.push({ plugin, hook, vm, fallback }));
    host.on('worker', ({ worker, cause }) => this.losses.push(`${worker}: ${cause}`));
    host.on('nic', ({ nic, state, cause }) => this.nicChanges.push(`${nic} ${state}: ${cause}`));
  }

  guest(vm: number): MemoryGuestHand {
    return this.host.device(`vm${vm}`) as unknown as MemoryGuestHand;
  }

  send(vm: number, count: number, about: { bytes?: number; to?: string; mark?: number } = {}): number {
    let sent = 0;
    for (let i = 0; i < count; i++) if (this.guest(vm).send(frame({ from: macOf(vm), mark: i, ...about }))) sent++;
    return sent;
  }

  transmitted(vm: number): number {
    return this.host.vms.status(`vm${vm}`).transmittedFrames;
  }

  async untilTransmitted(vm: number, frames: number): Promise<void> {
    await until(() => this.transmitted(vm) >= frames, `VM ${vm} has transmitted ${frames} frames`);
  }

  /** Ends the host and checks its books. */
  async close(): Promise<void> {
    await this.host.close();
    this.host.assertConserved();
    assertSame(strayedSlots(this.host.arena.handle), NONE_STRAYED);
  }
}

const running: Observed[] = [];

/** Starts a host of two memory NICs and three VMs, unless said otherwise. */
export async function startHost(
  change: Partial<WrittenHostConfig>,
  workers = 1,
  stallMs = PATIENT_MS,
): Promise<Observed> {
  const host = await hostFrom(
    {
      nics: [0, 1].map((nic) => ({ name: `nic${nic}`, driver: { use: 'memory', options: { echo: true } } })),
      vms: [0, 1, 2].map((vm) => ({ name: `vm${vm}`, mac: macOf(vm), device: { use: 'memory' } })),
      runtime: { kind: 'workers', workers, stallMs },
      ...change,
    },
    bases,
  );
  const observed = new Observed(host);
  running.push(observed);
  await host.start();
  return observed;
}

/** Ends what a test that failed has left running. */
export async function endHost(): Promise<void> {
  for (const { host } of running.splice(0)) await host.close();
}

/** The first of the two is one whose driver can be made to hang or throw. */
export const hangingNics = [0, 1].map((nic) => ({
  name: `nic${nic}`,
  driver: { use: nic === 0 ? './hanging-nic.mjs' : 'memory' },
}));
