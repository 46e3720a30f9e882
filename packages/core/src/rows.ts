import { macWord0, macWord1, parseMac, type VmTable } from '@fairlead/sdk';
import type { HostConfig } from './config.ts';
import type { MemoryShape } from './memory/layout.ts';
import type { Composition } from './plan.ts';
import { teamOf } from './teams/team-plan.ts';

/** How large the shared memory of a host is. */
export function shapeOf(config: HostConfig): MemoryShape {
  const { memory, runtime } = config;
  const vms = config.vms.length;
  const nics = config.nics.length;
  const { workers } = runtime;
  // Every NIC queue full and a burst held for each receiver, and a ring's worth for the VMs that are busy at once.
  const busy = Math.min(vms, 64) * (memory.txRingFrames + memory.rxRingFrames);
  const needed = busy + nics * workers * (memory.nicRingFrames + 64) + (workers + 1) * 256;
  const { slotBytes, txRingFrames, rxRingFrames, nicRingFrames } = memory;
  return {
    vms,
    nics,
    workers,
    poolFrames: memory.poolFrames ?? needed,
    slotBytes,
    txRingFrames,
    rxRingFrames,
    nicRingFrames,
    detectors: config.detectors.length,
  };
}

/** Writes what the configuration says of each VM to its row. */
export function fillVmRows(vms: VmTable, { config, devices }: Composition): void {
  const { workers } = config.runtime;
  for (const [i, { mac, bandwidth }] of config.vms.entries()) {
    const bytes = parseMac(mac);
    vms.macWord0[i] = macWord0(bytes);
    vms.macWord1[i] = macWord1(bytes);
    vms.reservationBps[i] = bandwidth.reservationBps;
    vms.limitBps[i] = bandwidth.limitBps ?? Number.POSITIVE_INFINITY;
    vms.peakBps[i] = bandwidth.peakBps ?? Number.POSITIVE_INFINITY;
    vms.burstBytes[i] = bandwidth.burstBytes;
    vms.shares[i] = bandwidth.shares;
    vms.priority[i] = bandwidth.priority;
    vms.worker[i] = i % workers;
    vms.team[i] = teamOf(config, i);
  }
  for (const [port, device] of devices.entries()) {
    for (const vm of device.vms) vms.vnic[vm] = port;
  }
}
