import { Port, parseMac } from '@fairlead/sdk';
import { VirtualClock } from './clock.ts';
import { Arena, createArena } from './memory/arena.ts';
import { layOutMemory, type MemoryShape } from './memory/layout.ts';
import { ArenaPort } from './path/vnic-port.ts';
import type { Composition } from './plan.ts';
import { instantiate, type Surroundings } from './plugins/instantiate.ts';
import { type Complaint, complaintFrom } from './plugins/schema-values.ts';
import { fillVmRows, shapeOf } from './rows.ts';
import { createDriver } from './runtime/stage.ts';

/**
 * Makes every plugin of a checked configuration once, opens none, and lets go of them: this finds what a schema cannot
 * say, as a pin to a NIC that the host does not have. Nothing outside this process is touched.
 *
 * @example
 * ```ts
 * import { composeHost, rehearse } from '@fairlead/core';
 *
 * const composition = await composeHost(
 *   { nics: [{ name: 'uplink0', driver: { use: 'memory' } }], vms: [{ name: 'web', mac: '52:54:00:00:00:01' }] },
 *   { bases: [process.cwd()] },
 * );
 * for (const { path, what } of await rehearse(composition)) console.log(path, what); // nothing: each can be made
 * ```
 */
export async function rehearse(composition: Composition): Promise<Complaint[]> {
  const { config } = composition;
  const complaints: Complaint[] = [];
  const shape = shapeOf(config);
  try {
    layOutMemory(shape);
  } catch (error) {
    return [complaintFrom(error, 'memory')];
  }
  const arena = smallArena(shape, composition);
  const surroundings: Surroundings = {
    nics: arena.nics,
    vms: arena.vms,
    clock: new VirtualClock(),
    seed: config.seed,
    log: () => undefined,
  };
  const attempt = async (where: string, make: () => { close?(): Promise<void> } | object): Promise<void> => {
    try {
      const made = make();
      if ('close' in made) await made.close?.();
    } catch (error) {
      const complaint = complaintFrom(error, where);
      complaints.push({ ...complaint, path: placeBelow(where, complaint.path) });
    }
  };
  for (const [index, plan] of composition.nics.entries()) {
    const name = arena.nics.names[index] as string;
    const context = {
      index,
      name,
      queue: 0,
      queues: config.runtime.workers,
      role: 'control',
      receives: false,
    } as const;
    await attempt(plan.where, () => createDriver(arena, plan, context, surroundings));
  }
  for (const device of composition.devices) {
    const { definition, options, where } = device.plugin;
    const macs = device.vms.map((vm) => parseMac((config.vms[vm] as { mac: string }).mac));
    const value = new ArenaPort(arena, device.name, device.vms, device.shared, macs);
    await attempt(where, () => instantiate(definition, options, surroundings, where, { token: Port, value }));
  }
  const others = [
    ...composition.admission.chain,
    ...composition.distribution.chain,
    ...composition.detectors,
    composition.hypervisor,
    composition.shadows.admission,
    composition.shadows.distribution,
  ];
  for (const plan of others) {
    if (plan === undefined) continue;
    await attempt(
      plan.where,
      () => instantiate(plan.definition as never, plan.options, surroundings, plan.where) as object,
    );
  }
  return complaints;
}

/** All rows, but hardly a frame. */
function smallArena(shape: MemoryShape, composition: Composition): Arena {
  const { config } = composition;
  const names = { nics: config.nics.map((nic) => nic.name), vms: config.vms.map((vm) => vm.name) };
  const poolFrames = 256 * (shape.workers + 1);
  const handle = createArena({ ...shape, poolFrames, txRingFrames: 8, rxRingFrames: 8, nicRingFrames: 64 }, names);
  const arena = new Arena(handle, shape.workers);
  fillVmRows(arena.vms, composition);
  return arena;
}

/** A plugin names a place within its own options; a host's path begins with the plugin's place in the configuration. */
function placeBelow(where: string, path: string): string {
  if (path.startsWith(where)) return path;
  return path === 'options' || /^options[.[]/.test(path) ? `${where}.${path}` : where;
}
