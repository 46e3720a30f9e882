import type { WrittenHostConfig } from '@fairlead/core';
import { definePlugin, type LoadDistribution, type PluginDefinition, type TransmitBatch, Type } from '@fairlead/sdk';
import type { SimulationResult } from '../src/result.ts';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { simulate as simulateFrom } from '../src/simulate.ts';

/** Sends everything over the first NIC. */
class OnlyA implements LoadDistribution {
  select(batch: TransmitBatch): undefined {
    batch.nic.fill(0, 0, batch.count);
  }
}
const onlyA = definePlugin({
  kind: 'load-distribution',
  name: 'only-a',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: OnlyA,
});

/** Runs a scenario with the plugins that this package has for its tests. */
export function simulate(scenario: WrittenScenario, decisions?: (text: string) => void): Promise<SimulationResult> {
  const definitions = new Map([['load-distribution/only-a', onlyA as unknown as PluginDefinition]]);
  const found = { bases: [import.meta.url], definitions };
  return simulateFrom(scenario, decisions === undefined ? {} : { decisions }, found);
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
