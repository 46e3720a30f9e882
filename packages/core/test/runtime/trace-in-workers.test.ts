import { afterEach, expect, it } from 'vitest';
import { endHost, startHost } from '../given/worker-host.ts';

afterEach(endHost);

it('a trace in worker threads is told by the one that owns the VM', async () => {
  const host = await startHost({ distribution: { use: 'round-robin' } }, 2);
  const found = host.host.trace('vm1', { frames: 3, forMs: 5000 });
  // The workers take the order between two sweeps; what was sent before is not looked at.
  while ((await Promise.race([found, new Promise((resolve) => setImmediate(resolve))])) === undefined) host.send(1, 1);
  const traces = await found;
  expect(traces.map(({ vm, outcome, distribute }) => [vm, outcome, distribute?.nics.length])).toEqual(
    Array.from({ length: 3 }, () => ['vm1', 'queued', 2]),
  );
  await host.close();
  expect([host.faults, host.losses]).toEqual([[], []]);
});
