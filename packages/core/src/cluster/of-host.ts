import { formatMac, type Hypervisor, isFairleadError, parseMac } from '@fairlead/sdk';
import { afterRealTime } from '../clock.ts';
import type { Host } from '../host.ts';
import { HypervisorCalls } from '../managers/hypervisor-calls.ts';
import type { Arena } from '../memory/arena.ts';
import type { Composition } from '../plan.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';
import type { Devices } from '../runtime/devices.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Announcer } from '../teams/announcer.ts';
import type { VmLuggage } from './cluster-parts.ts';
import { ClusterMember } from './member.ts';
import { RegistryCalls } from './registry-calls.ts';

/** What of a host its cluster is made of. */
interface ClusterSources {
  readonly host: Host;
  readonly announcer: Announcer;
  readonly arena: Arena;
  readonly composition: Composition;
  readonly surroundings: Surroundings;
  readonly devices: Devices;
  readonly hypervisor: Hypervisor | undefined;
  readonly runtime: () => Runtime;
}

/** A host among others, when its configuration has a registry; else one that is alone. */
export function clusterOf(sources: ClusterSources): ClusterMember {
  const { host, arena, composition, surroundings, hypervisor, runtime } = sources;
  const { config, registry: plan } = composition;
  if (plan === undefined || config.registry === undefined || config.name === undefined)
    return new ClusterMember(undefined);
  const registry = instantiate(plan.definition, plan.options, surroundings, plan.where);
  const calls = composition.hypervisor && new HypervisorCalls(hypervisor, composition.hypervisor);
  const macs = new Map(config.vms.map(({ name, mac }) => [name, formatMac(parseMac(mac))]));
  const nowUs = (): number => surroundings.clock.nowUs();
  return new ClusterMember({
    self: config.name,
    rules: config.migration,
    announceMs: config.registry.announceMs,
    registry: (changed) => new RegistryCalls(registry, plan, changed),
    table: arena.vms,
    vms: host.vms,
    luggage: luggageOf(sources),
    capacityBps: () => host.nics.capacityBps,
    load: loadOf(host, nowUs),
    underAttack: () => host.signals.underAttack,
    macOf: (vm) => macs.get(vm),
    status: async (vm) => calls?.status(vm),
    nowUs,
    after: (ms, callback) => (runtime().inline?.after.bind(runtime().inline) ?? afterRealTime)(ms, callback),
    migration: (record) => host.emit('migration', record),
    notice: (notice) => host.emit('cluster', notice),
  });
}

function luggageOf({ host, announcer, arena, composition, devices, runtime }: ClusterSources): VmLuggage {
  const inline = composition.config.runtime.kind === 'inline';
  const { pool, nicRings, vms } = arena;
  return {
    relocate: (asked) => runtime().relocate(asked),
    withdraw: (vm) => devices.portOf(vm)?.withdraw(vm) ?? [],
    send: (vm, frames) => {
      const port = devices.portOf(vm);
      for (const frame of frames) port?.accept(vm, frame);
      port?.flush();
    },
    drained: (vm) => {
      if (inline) return true; // its clock stands still while anything is asked
      for (let ring = 0; ring < nicRings.rings; ring++) {
        for (let i = nicRings.length(ring) - 1; i >= 0; i--) {
          if (pool.slotVm[nicRings.entry(ring, i) >>> pool.lengthBits] === vm) return false;
        }
      }
      return true;
    },
    announce: (vm) => announcer.announceVm(vm, host.nowUs),
    allocation: (vm) => host.resources.allocation(vm),
    setAllocation: (vm, allocation) => {
      try {
        host.resources.setAllocation(vm, allocation);
      } catch (cause) {
        // What another host says is no number: this one's configuration holds.
        if (!isFairleadError(cause)) throw cause;
        host.emit('log', { level: 'warn', plugin: '', message: cause.message, fields: { vm: vms.names.indexOf(vm) } });
      }
    },
  };
}

/** The share of the NICs' bandwidth that was sent over since it was asked last. */
function loadOf(host: Host, nowUs: () => number): () => number {
  const sent = (): number => host.nics.list().reduce((sum, { txBytes }) => sum + txBytes, 0);
  let before = { bytes: 0, atUs: nowUs() };
  let load = 0;
  return () => {
    const now = { bytes: sent(), atUs: nowUs() };
    const couldBits = (host.nics.capacityBps * (now.atUs - before.atUs)) / 1e6;
    if (couldBits > 0) load = Math.min(1, ((now.bytes - before.bytes) * 8) / couldBits);
    before = now;
    return load;
  };
}
