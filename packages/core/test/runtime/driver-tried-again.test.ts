import { hostFrom } from '@fairlead/core';
import { expect, it } from 'vitest';
import type { MemoryGuestHand } from '../given/bundled.ts';
import { bundled } from '../given/bundled.ts';
import { until } from '../given/deadline.ts';
import { frame, macOf } from '../given/frames.ts';

it('a driver that threw is tried again when an operator enables its NIC, and no frame is lost', async () => {
  const host = await hostFrom(
    {
      nics: [{ name: 'n0', driver: { use: '../fixtures/stumbling-nic.mjs' } }],
      vms: [{ name: 'vm0', mac: '02:00:00:00:00:00', device: { use: 'memory' } }],
      security: { portSecurity: false },
    },
    [import.meta.url, bundled],
  );
  const changes: string[] = [];
  host.on('nic', ({ nic, state, cause }) => changes.push(`${nic} ${state}: ${cause}`));
  await host.start();
  const guest = host.device('vm0') as unknown as MemoryGuestHand;
  for (let i = 0; i < 10; i++) guest.send(frame({ from: macOf(0) }));
  await until(() => changes.length === 1, 'the NIC has gone down');
  expect(host.nics.status('n0').txFrames).toBe(0);
  host.nics.setAdmin('n0', true);
  await until(() => host.nics.status('n0').txFrames === 10, 'the frames have gone');
  await host.close();
  host.assertConserved();
  expect(changes).toEqual(['n0 down: send() threw: stumbled', 'n0 up: enabled by the operator']);
});
