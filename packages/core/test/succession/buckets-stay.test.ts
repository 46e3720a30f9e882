import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, nicOf } from '../given/inline-host.ts';

let host: Host;
afterEach(() => host.close());

const FLOWS = 200;
const names = [0, 1, 2].map((i) => `nic${i}`);

/** A frame of each of 200 flows, as far as the destination tells them apart; the NIC that each went over, by number. */
function nicsByFlow(): number[] {
  for (const name of names) nicOf(host, name).takeTransmitted();
  for (let flow = 0; flow < FLOWS; flow++) {
    const to = `02:00:00:00:01:${flow.toString(16).padStart(2, '0')}`;
    guestOf(host, 'vm0').send(frame({ from: macOf(0), to }));
  }
  host.run(1000);
  const by = Array<number>(FLOWS).fill(-1);
  for (const [nic, name] of names.entries()) {
    for (const bytes of nicOf(host, name).takeTransmitted()) by[bytes[5] as number] = nic;
  }
  return by;
}

describe.each([
  ['flow-hash', { layer: 'layer2' }],
  ['weighted', { weights: { nic0: 3 } }],
  ['load-rebalance', { granularity: 'bucket' }],
])('a swap of %s for itself', (use, options) => {
  it('moves no flow, whatever became of the NICs before', async () => {
    host = await inlineHost({ nics: names.map((name) => memoryNic(name)), distribution: { use, options } });
    nicsByFlow();
    for (const up of [false, true]) {
      nicOf(host, 'nic1').setLink(up);
      host.run(20_000);
      nicsByFlow();
    }
    nicOf(host, 'nic2').setLink(false);
    host.run(20_000);
    const before = nicsByFlow();
    const moves = host.teams.moves.length;
    expect(new Set(before)).toEqual(new Set([0, 1]));
    for (const probationMs of [0, 5]) {
      expect((await host.swap('distribution', { use, options }, { probationMs })).handedOver).toBe(true);
      expect(nicsByFlow()).toEqual(before);
    }
    expect(host.teams.moves).toHaveLength(moves);
    host.assertConserved();
  });
});
