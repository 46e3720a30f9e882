// What does a policy do to senders that react? Two TCP connections through a limit, simulated with buckets of two depths.
import { simulate, type WrittenScenario } from '@fairlead/simulator';

const scenario = (burstBytes: '8KiB' | '256KiB'): WrittenScenario => ({
  host: {
    nics: [{ name: 'uplink', driver: { use: 'memory', options: { speedBps: '1Gbps' } } }],
    vms: [
      {
        name: 'web',
        mac: '52:54:00:00:00:01',
        device: { use: 'memory' },
        bandwidth: { limitBps: '20Mbps', burstBytes },
      },
    ],
    admission: { use: 'shaping-filter' },
  },
  duration: '3s',
  seed: 7,
  network: { uplink: { delay: '5ms' } },
  senders: [{ vm: 'web', kind: 'tcp', flows: 2 }],
});

/** Plugins that are named are those of this package. */
const compose = { bases: [import.meta.url] };

const digests = new Set<string>();
for (const burstBytes of ['8KiB', '256KiB'] as const) {
  const result = await simulate(scenario(burstBytes), {}, compose);
  const [web] = result.vms;
  if (web === undefined) throw new Error('the VM is missing');
  const [rate, latency] = [web.throughputBps / 1e6, web.latency.p99Us / 1000];
  console.log(
    `a bucket of ${burstBytes}: ${rate.toFixed(1)} Mbit/s, p99 ${latency.toFixed(1)} ms, ${web.retransmits} sent again`,
  );
  console.log(`  decisions ${result.digest}`);
  digests.add(result.digest);
}

// The same scenario gives the same decisions, to the bit; another one does not.
const again = await simulate(scenario('256KiB'), {}, compose);
console.log(`the second one again: ${again.digest}`);
if (digests.size !== 2 || !digests.has(again.digest)) process.exitCode = 1;
