import { composeHost, Host, type PluginPlan, type WrittenHostConfig } from '@fairlead/core';
import type { PluginDefinition } from '@fairlead/sdk';
import { basesOf, type CheckedHostFile } from '../../config/check-host-file.ts';

const SPEED_BPS = 100e6;
/** Of the speed of all NICs, what all VMs together would send: enough for queues to fill. */
const LOAD = 1.5;
const MOMENT_US = 20_000;

/**
 * Runs the host of a configuration for some moments with one of its policies in its place, on the virtual clock:
 * simulated NICs and guests, a NIC that leaves and returns, VMs that send more than there is room for.
 */
export async function rehearsePolicy(
  { file, composition }: CheckedHostFile,
  plan: PluginPlan,
  definition: PluginDefinition,
): Promise<void> {
  const { hypervisor: _, admission, distribution, ...config } = composition.config;
  const rateBps = (LOAD * SPEED_BPS * config.nics.length) / Math.max(1, config.vms.length);
  const traffic = { rateBps, pattern: 'on-off' };
  const policy = { use: REHEARSED, options: plan.options };
  const others = { admission, distribution };
  const written = {
    ...config,
    ...others,
    [plan.kind === 'admission' ? 'admission' : 'distribution']: policy,
    nics: config.nics.map((nic) => ({
      ...nic,
      driver: { use: 'memory', options: { speedBps: SPEED_BPS, echo: true } },
    })),
    vms: config.vms.map(({ port: _port, ...vm }) => ({
      ...vm,
      start: true,
      device: { use: 'memory', options: { traffic } },
    })),
    ports: [],
    runtime: { ...config.runtime, kind: 'inline', workers: 1 },
  };
  const definitions = new Map([[`${plan.kind}/${REHEARSED}`, definition]]);
  const host = new Host(
    await composeHost(written as unknown as WrittenHostConfig, { bases: basesOf(file), definitions }),
  );
  await host.start();
  host.run(MOMENT_US);
  const [first] = config.nics;
  if (first !== undefined && config.nics.length > 1) {
    host.nics.setAdmin(first.name, false);
    host.run(MOMENT_US);
    host.nics.setAdmin(first.name, true);
  }
  host.run(MOMENT_US);
  await host.close();
}

const REHEARSED = 'rehearsed';
