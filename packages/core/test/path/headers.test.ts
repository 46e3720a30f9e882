import {
  type AdmissionPolicy,
  DropReason,
  definePlugin,
  type LoadDistribution,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { frame, macOf, markOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, nicOf } from '../given/inline-host.ts';

/** What the policies below have read, by their name: the mark in each frame, and its length. */
const read: Record<string, [mark: number, bytes: number][]> = {};

const options = Type.Object({}, { additionalProperties: false });

function note(name: string, { count, memory, offset, bytes }: TransmitBatch): void {
  for (let i = 0; i < count; i++) {
    const seen = memory.subarray(offset[i], offset[i] + bytes[i]);
    (read[name] ??= []).push([seen.length < 18 ? -1 : markOf(seen), bytes[i]]);
  }
}

function reader(name: string, asks: boolean) {
  class Reader implements LoadDistribution {
    select(batch: TransmitBatch): undefined {
      note(name, batch);
      // The mark's last bit is the NIC; one that asks for no headers cannot know it.
      for (let i = 0; i < batch.count; i++) batch.nic[i] = asks ? batch.memory[batch.offset[i] + 17] & 1 : 0;
    }
  }
  const needs = asks ? (['headers'] as const) : [];
  return definePlugin({ kind: 'load-distribution', name, apiVersion: 1, options, implementation: Reader, needs });
}

class DropFirst implements AdmissionPolicy {
  admit(batch: TransmitBatch): undefined {
    if (batch.count > 1) batch.drop(0, DropReason.Policed);
  }
}
const dropFirst = definePlugin({
  kind: 'admission',
  name: 'drop-first',
  apiVersion: 1,
  options,
  implementation: DropFirst,
});

const definitions = [reader('asks', true), reader('is-silent', false), dropFirst] as never[];
const marked = (mark: number, bytes: number) => frame({ from: macOf(0), mark, bytes });

beforeEach(() => {
  for (const name of Object.keys(read)) delete read[name];
});

describe('the headers of frames', () => {
  it('lie in the batch of a policy that asks for them, also behind a frame that was dropped', async () => {
    const host = await inlineHost({ admission: { use: 'drop-first' }, distribution: { use: 'asks' } }, definitions);
    for (const mark of [1, 2, 3, 4]) guestOf(host, 'vm0').send(marked(mark, 60 + mark));
    host.run(1000);
    expect(read['asks']).toEqual([2, 3, 4].map((mark) => [mark, 60 + mark]));
    expect(nicOf(host, 'nic0').takeTransmitted().map(markOf)).toEqual([2, 4]);
    expect(nicOf(host, 'nic1').takeTransmitted().map(markOf)).toEqual([3]);
    host.assertConserved();
    await host.close();
  });

  it('are found again when frames are taken back from a NIC that went down', async () => {
    const nics = ['nic0', 'nic1', 'nic2'].map((name) => memoryNic(name, { speedBps: 1e6 }));
    const host = await inlineHost({ nics, distribution: { use: 'asks' } }, definitions);
    for (let mark = 0; mark < 20; mark++) guestOf(host, 'vm0').send(marked(2 * mark + 1, 100));
    host.run(1000);
    read['asks'] = [];
    nicOf(host, 'nic1').setLink(false);
    host.run(20_000);
    // It chose the NIC that had gone, again: put aside, and the frames went on.
    expect(read['asks'].map(([mark]) => mark % 2)).toEqual(read['asks'].map(() => 1));
    expect(read['asks'].length).toBeGreaterThan(0);
    host.run(1_000_000);
    host.assertConserved();
    await host.close();
  });

  it('are not looked up for one that does not ask', async () => {
    const host = await inlineHost({ distribution: { use: 'is-silent' } }, definitions);
    for (const mark of [1, 2, 3]) guestOf(host, 'vm0').send(marked(mark, 60));
    host.run(1000);
    expect(read['is-silent'].every(([mark]) => mark === 0)).toBe(true); // the first bytes of the pool, not the frame's
    await host.close();
  });

  it('are given to a successor, and to a shadow beside a policy that does not ask', async () => {
    const host = await inlineHost({ distribution: { use: 'is-silent', shadow: { use: 'asks' } } }, definitions);
    guestOf(host, 'vm0').send(marked(7, 60));
    host.run(1000);
    expect(read['asks']).toEqual([[7, 60]]);
    await host.swap('distribution', { use: 'asks' });
    guestOf(host, 'vm0').send(marked(9, 61));
    host.run(1000);
    expect(read['asks']).toContainEqual([9, 61]);
    expect(nicOf(host, 'nic1').takeTransmitted().map(markOf)).toEqual([9]);
    await host.close();
  });
});
