import { type Host, use } from '@fairlead/core';
import { expect, it } from 'vitest';
import { guest, MAC, settle, simulatedHost, started, takeSent } from '../requirements/support/hosts.ts';
import { policed } from './support/drops.ts';
import flowLimit from './support/flow-limit.ts';
import { ipv4 } from './support/packets.ts';

/** Sends a frame of each of five flows, three times over, and says which flows left by the NIC. */
function flowsThatGo(host: Host): number[] {
  const ofFlow = (flow: number): Uint8Array => ipv4(MAC.a, '10.0.0.1', `10.0.9.${flow}`);
  for (let round = 0; round < 3; round++) for (let flow = 1; flow <= 5; flow++) guest(host, 'a').send(ofFlow(flow));
  settle(host);
  host.run(1000);
  const sent = takeSent(host)[0]?.map((bytes) => bytes[33]) ?? [];
  expect(sent.length % 3).toBe(0);
  return [...new Set(sent)] as number[];
}

it('case 39: Open vSwitch, a limit of flows, which a policy that a user brings along can hold: 3 of 5 are kept, bad limits are refused and change nothing', async () => {
  const host = await started(simulatedHost([1e9], { a: {} }).admit(use(flowLimit)));
  expect(flowsThatGo(host)).toEqual([1, 2, 3]);
  expect(policed(host, 'a')).toBe(6);
  for (const flows of [-1, 2 ** 32]) {
    await expect(host.swap('admission', use(flowLimit, { flows }))).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_OPTIONS',
    });
    expect(flowsThatGo(host)).toEqual([1, 2, 3]);
  }
  expect(policed(host, 'a')).toBe(18);
  await host.swap('admission', use(flowLimit, { flows: 4 }));
  expect(flowsThatGo(host)).toEqual([1, 2, 3, 4]);
  host.assertConserved();
});
