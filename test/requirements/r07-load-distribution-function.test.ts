import { type Host, use } from '@fairlead/core';
import {
  definePlugin,
  inject,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type Static,
  type TransmitBatch,
  Type,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, settle, simulatedHost, started, takeSent } from './support/hosts.ts';

interface Sight {
  readonly vm: string;
  readonly limitBps: number;
  readonly priority: number;
  readonly available: readonly number[];
  readonly speedsBps: readonly number[];
  readonly pendingBytes: readonly number[];
}

const scriptedOptions = Type.Object({ answers: Type.Array(Type.Integer()) });

const sights: Sight[] = [];

/** Answers what it was told to, frame by frame, and notes what it sees. */
class Scripted implements LoadDistribution {
  #next = 0;

  constructor(
    @inject(Nics) private readonly nics: NicTable,
    @inject(Vms) private readonly vms: VmTable,
    @inject(Options) private readonly options: Static<typeof scriptedOptions>,
  ) {}

  select(batch: TransmitBatch): undefined {
    const { nics, vms } = this;
    sights.push({
      vm: vms.names[batch.vm],
      limitBps: vms.limitBps[batch.vm],
      priority: vms.priority[batch.vm],
      available: [...nics.available.subarray(0, nics.availableCount)],
      speedsBps: [...nics.speedBps],
      pendingBytes: [...nics.pendingBytes],
    });
    const { answers } = this.options;
    for (let i = 0; i < batch.count; i++) batch.nic[i] = answers[this.#next++ % answers.length];
  }
}

const scripted = definePlugin({
  kind: 'load-distribution',
  name: 'scripted',
  apiVersion: 1,
  options: scriptedOptions,
  implementation: Scripted,
});

describe('requirement 7: a load-distribution function over the state of NICs and VMs selects the NIC', () => {
  function scriptedHost(answers: number[]): Promise<Host> {
    sights.length = 0;
    return started(
      simulatedHost([BYTE_PER_US, 2 * BYTE_PER_US, 3 * BYTE_PER_US], {
        a: { bandwidth: { limitBps: 5e6, priority: 3 } },
        b: { bandwidth: { limitBps: 7e6 } },
      }).distribute(use(scripted, { answers })),
    );
  }

  it('a plugin sees both kinds of state', async () => {
    const host = await scriptedHost([2]);
    guest(host, 'a').sendAll(frames(4, MAC.a));
    settle(host);
    host.nics.setAdmin('nic1', false);
    settle(host);
    guest(host, 'b').sendAll(frames(1, MAC.b));
    settle(host);
    const speedsBps = [BYTE_PER_US, 2 * BYTE_PER_US, 3 * BYTE_PER_US];
    expect(sights).toEqual([
      { vm: 'a', limitBps: 5e6, priority: 3, available: [0, 1, 2], speedsBps, pendingBytes: [0, 0, 0] },
      { vm: 'b', limitBps: 7e6, priority: 0, available: [0, 2], speedsBps, pendingBytes: [0, 0, 3000] },
    ]);
    host.assertConserved();
  });

  it('its answer is the NIC by which the frame leaves, frame by frame', async () => {
    const answers = [2, 0, 0, 1, 2, 1, 1, 0, 2, 2];
    const host = await scriptedHost(answers);
    guest(host, 'a').sendAll(frames(30, MAC.a));
    host.run(100_000);
    const left = takeSent(host).map((seen) => seen.map(numberOf));
    for (const nic of [0, 1, 2]) expect(left[nic]).toEqual(upTo(30).filter((i) => answers[i % 10] === nic));
    host.assertConserved();
  });
});
