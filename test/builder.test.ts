import { createHost, use } from '@fairlead/core';
import guest from '@fairlead/device-emulator-memory';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import nic from '@fairlead/nic-driver-memory';
import { expect, it } from 'vitest';

it('a shadow stands beside the policy of its kind, whichever is named first', async () => {
  const built = () =>
    createHost()
      .nic('up0', use(nic))
      .nic('up1', use(nic))
      .vm('web', '52:54:00:00:00:01', use(guest, { traffic: { rateBps: '10Mbps' } }))
      .inline();
  const builder = built().shadow(use(pendingLoad)).distribute(use(roundRobin));
  expect(builder.written.distribution).toMatchObject({ use: 'round-robin', shadow: { use: 'pending-load' } });
  expect(builder.written).toEqual(built().distribute(use(roundRobin)).shadow(use(pendingLoad)).written);
  const host = await builder.start();
  host.run(100_000);
  const [section] = host.shadowReport().sections;
  expect(section).toMatchObject({ section: 'distribution', real: 'round-robin', shadow: 'pending-load' });
  await host.close();
});
