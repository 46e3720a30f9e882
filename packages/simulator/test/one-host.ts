import type { WrittenHostConfig } from '@fairlead/core';
import type { SimulationResult } from '../src/result.ts';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { simulate as simulateFrom } from '../src/simulate.ts';

/** Runs a scenario with the plugins that this package has for its tests. */
export function simulate(scenario: WrittenScenario, decisions?: (text: string) => void): Promise<SimulationResult> {
  return simulateFrom(scenario, decisions === undefined ? {} : { decisions }, { bases: [import.meta.url] });
}

/** A host with NICs of the memory driver and VMs that are called as they are listed. */
export function hostOf(vms: readonly string[], more: Partial<WrittenHostConfig> = {}): WrittenHostConfig {
  return {
    nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps: '100Mbps' } } }],
    vms: vms.map((name, i) => ({
      name,
      mac: `52:54:00:00:00:${String(i + 1).padStart(2, '0')}`,
      device: { use: 'memory' },
    })),
    ...more,
  };
}
