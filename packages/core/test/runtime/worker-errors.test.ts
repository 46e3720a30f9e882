import { hostFrom } from '@fairlead/core';
import { expect, it } from 'vitest';
import { bundled } from '../given/bundled.ts';

it('an error in a worker thread reaches the caller with its code, place and mend', async () => {
  const host = await hostFrom(
    {
      nics: [{ name: 'n0', driver: { use: '../fixtures/shut-nic.mjs' } }],
      vms: [{ name: 'a', mac: '52:54:00:00:00:01', device: { use: 'memory' } }],
    },
    [import.meta.url, bundled],
  );
  await expect(host.start()).rejects.toMatchObject({
    name: 'FairleadError',
    code: 'FAIRLEAD_ERR_DRIVER_OPEN',
    what: 'the NIC is shut',
    where: 'nics[0].driver',
    mend: 'open it',
  });
});
