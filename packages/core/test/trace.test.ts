import {
  type AdmissionPolicy,
  definePlugin,
  isFairleadError,
  type LoadDistribution,
  Nics,
  NO_NIC_YET,
  Type,
} from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../src/config.ts';
import type { Host } from '../src/host.ts';
import type { FrameTrace, TraceOptions } from '../src/trace/frame-trace.ts';
import { BROADCAST, frame, macOf } from './given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from './given/inline-host.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

const options = Type.Object({}, { additionalProperties: false });
const define = (kind: 'admission' | 'load-distribution', name: string, implementation: unknown) =>
  definePlugin({ kind, name, apiVersion: 1, options, implementation } as never) as never;

/** Refuses every second frame of a batch, and says so. */
class EverySecond implements AdmissionPolicy {
  admit(batch: Parameters<AdmissionPolicy['admit']>[0]): undefined {
    for (let i = 1; i < batch.count; i += 2) batch.drop(i, 0);
  }
  explain(_batch: unknown, i: number) {
    return { why: `it is frame ${i}`, state: { even: i % 2 === 0 } };
  }
}

/** Chooses the last NIC, and cannot say why. */
class Last implements LoadDistribution {
  static readonly inject = [Nics];
  readonly #nics: { available: Int32Array; availableCount: number };
  constructor(nics: { available: Int32Array; availableCount: number }) {
    this.#nics = nics;
  }
  select(batch: Parameters<LoadDistribution['select']>[0]): undefined {
    batch.nic.fill(this.#nics.available[this.#nics.availableCount - 1], 0, batch.count);
  }
  explain(): never {
    throw new Error('lost for words');
  }
}

/** Fails at once. */
class Broken implements LoadDistribution {
  select(): undefined {
    throw new Error('broken');
  }
}

/** Has every frame wait. */
class NoneYet implements LoadDistribution {
  select(batch: Parameters<LoadDistribution['select']>[0]): undefined {
    batch.nic.fill(NO_NIC_YET, 0, batch.count);
  }
  explain() {
    return { why: 'the NIC that it leaves has not taken all' };
  }
}

const definitions = [
  define('load-distribution', 'none-yet', NoneYet),
  define('admission', 'every-second', EverySecond),
  define('load-distribution', 'last', Last),
  define('load-distribution', 'broken', Broken),
];

async function given(change: Partial<WrittenHostConfig> = {}): Promise<Host> {
  host = await inlineHost(change, definitions);
  return host;
}

/** Asks for frames of a VM, sends some, and lets the host run for a while. */
async function traced(
  running: Host,
  frames: readonly Uint8Array[],
  asked: TraceOptions = {},
  vm = 'vm0',
): Promise<FrameTrace[]> {
  const found = running.trace(vm, { frames: frames.length, forMs: 100, ...asked });
  for (const one of frames) guestOf(running, vm).send(one);
  running.run(300_000);
  running.assertConserved();
  return found;
}

const mine = (more: object = {}): Uint8Array => frame({ from: macOf(0), ...more });

describe('a trace of a VM’s frames', () => {
  it('says what every stage decided, on what state, and what it decided against', async () => {
    const running = await given({
      nics: [
        memoryNic('nic0'),
        memoryNic('nic1', { speedBps: 1e8 }),
        memoryNic('nic2'),
        memoryNic('nic3', {}, { role: 'standby' }),
      ],
      vms: [memoryVm(0, { bandwidth: { limitBps: '80Mbps', burstBytes: 1000 } }), memoryVm(1)],
      admission: { use: 'shaping-filter' },
      distribution: { use: 'pending-load' },
    });
    running.nics.setAdmin('nic2', false);
    running.run(1000);
    const [one] = await traced(running, [mine({ bytes: 800 })]);
    expect(one).toMatchObject({
      vm: 'vm0',
      bytes: 800,
      source: macOf(0),
      turns: 1,
      classify: { kind: 'ordinary' },
      admit: {
        policy: 'shaping-filter',
        verdict: 'admit',
        reason: null,
        retryAtUs: null,
        backlogFrames: 1,
        why: 'the buckets held its 800 bytes',
        state: { limitBps: 80e6, burstBytes: 1000, averageBps: 80e6, averageTokens: 200 },
      },
      distribute: { policy: 'pending-load', nic: 'nic0', why: 'the least loaded' },
      send: { nic: 'nic0', queuedFrames: 0 },
      outcome: 'queued',
      failed: false,
    });
    expect(one?.distribute?.nics.map(({ nic, chosen, available, why }) => [nic, chosen, available, why])).toEqual([
      ['nic0', true, true, 'the least loaded'],
      ['nic1', false, true, 'would be finished with it 57.6 µs later'],
      ['nic2', false, false, 'down: disabled by the operator'],
      ['nic3', false, true, expect.stringContaining('would be finished with it')],
    ]);
  });

  it('follows a frame that waits until it goes, and says how often it was asked about', async () => {
    const running = await given({
      vms: [memoryVm(0, { bandwidth: { limitBps: '1Mbps', burstBytes: 1000 } }), memoryVm(1)],
      admission: { use: 'shaping-filter' },
    });
    const [first, second] = await traced(running, [mine({ bytes: 1000 }), mine({ bytes: 1000 })]);
    expect([first?.outcome, first?.turns]).toEqual(['queued', 1]);
    expect([second?.outcome, second?.admit?.verdict]).toEqual(['queued', 'admit']);
    expect(second?.turns).toBeGreaterThan(1);
    expect(second?.atUs).toBe(first?.atUs);
  });

  it('tells of one that load distribution has wait', async () => {
    const running = await given({ distribution: { use: 'none-yet' } });
    const [waits] = await traced(running, [mine()]);
    expect(waits).toMatchObject({
      distribute: { nic: 'none yet', why: 'the NIC that it leaves has not taken all' },
      send: null,
      outcome: 'waits',
    });
    expect(waits?.turns).toBeGreaterThan(1);
  });

  it('tells of one that still waits when the time is over, why and until when', async () => {
    const running = await given({
      vms: [memoryVm(0, { bandwidth: { limitBps: '1kbps', burstBytes: 1000 } }), memoryVm(1)],
      admission: { use: 'shaping-filter' },
    });
    const [, second] = await traced(running, [mine({ bytes: 1000 }), mine({ bytes: 600 })]);
    expect(second).toMatchObject({
      outcome: 'waits',
      admit: { verdict: 'queue', why: 'the average bucket does not hold its 600 bytes' },
      distribute: null,
    });
    expect(second?.admit?.retryAtUs).toBeGreaterThan(0);
  });

  it('tells a spoofed frame, one for a VM of this host, a group frame and an ordinary one apart', async () => {
    const running = await given();
    const frames = [frame({ from: macOf(7) }), mine({ to: macOf(1) }), mine({ to: BROADCAST }), mine()];
    const found = await traced(running, frames);
    expect(found.map(({ classify, outcome }) => [classify.kind, outcome])).toEqual([
      ['spoofed', 'dropped'],
      ['local', 'delivered'],
      ['group', 'queued'],
      ['ordinary', 'queued'],
    ]);
    expect(found[1]?.classify.why).toContain('for VM vm1');
  });

  it('keeps drops and choices of one batch apart, and lets a policy be lost for words', async () => {
    const running = await given({ admission: { use: 'every-second' }, distribution: { use: 'last' } });
    const found = await traced(running, [mine(), mine(), mine(), mine()]);
    expect(
      found.map(({ outcome, admit, distribute }) => [outcome, admit?.why, admit?.reason, distribute?.nic]),
    ).toEqual([
      ['queued', 'it is frame 0', null, 'nic1'],
      ['dropped', 'it is frame 1', 'policed', undefined],
      ['queued', 'it is frame 2', null, 'nic1'],
      ['dropped', 'it is frame 3', 'policed', undefined],
    ]);
    expect(found[0]?.distribute?.why).toBe('its explain() threw: lost for words');
  });

  it('says who decided when a policy failed over the batch', async () => {
    const running = await given({ distribution: { use: 'broken' } });
    const [one] = await traced(running, [mine()]);
    expect([one?.failed, one?.outcome, one?.distribute?.policy]).toEqual([true, 'queued', 'first-available']);
  });

  it('says that an operator has put the VM on its NIC', async () => {
    const running = await given({ distribution: { use: 'round-robin' } });
    running.teams.pin('vm0', 'nic1', running.nowUs);
    running.run(1000);
    const [one] = await traced(running, [mine()]);
    expect(one?.distribute).toMatchObject({
      policy: 'team migrate',
      nic: 'nic1',
      why: 'the operator has put the VM on this NIC',
      nics: [{ nic: 'nic0', why: 'the operator has put the VM on another NIC' }, { chosen: true }],
    });
  });

  it('says why a member that is up does not serve', async () => {
    const running = await given({
      nics: ['nic0', 'nic1', 'nic2'].map((name) => memoryNic(name)),
      teams: [{ name: 'team', active: ['nic0'], standby: ['nic1'], unused: ['nic2'], holdDownMs: 500 }],
    });
    const whys = async (): Promise<(string | undefined)[]> => {
      const [one] = await traced(running, [mine()]);
      return one?.distribute?.nics.map(({ why }) => why) ?? [];
    };
    expect((await whys()).slice(1)).toEqual([
      'standby: the active members serve',
      'no active or standby member of the team',
    ]);
    nicOf(running, 'nic0').setLink(false);
    running.run(50_000);
    nicOf(running, 'nic0').setLink(true);
    running.run(50_000);
    expect((await whys())[0]).toMatch(/^on hold for another \d+ ms$/);
  });

  it('says so when no NIC serves, and when there is no room', async () => {
    const running = await given();
    for (const nic of ['nic0', 'nic1']) running.nics.setAdmin(nic, false);
    running.run(1000);
    expect((await traced(running, [mine()])).map(({ outcome }) => outcome)).toEqual(['no-nic']);
    await running.close();
    const slow = memoryNic('nic0', { speedBps: 1000, wireFrames: 1 });
    const full = await given({ nics: [slow], memory: { poolFrames: 1024, nicRingFrames: 64 } });
    const found = await traced(
      full,
      Array.from({ length: 80 }, () => mine()),
    );
    const queued = found.filter(({ outcome }) => outcome === 'queued').length;
    expect(found.map(({ outcome }) => outcome).slice(queued)).toEqual(['no-room']);
    expect(found.at(-1)?.distribute?.nic).toBe('nic0');
  });

  it('changes nothing for the frames, and leaves nothing behind', async () => {
    const run = async (tracing: boolean): Promise<number[][]> => {
      const running = await given({ distribution: { use: 'round-robin' }, admission: { use: 'every-second' } });
      const found = tracing ? running.trace('vm0', { frames: 5, forMs: 100 }) : undefined;
      for (let mark = 0; mark < 40; mark++) {
        guestOf(running, 'vm0').send(mine({ mark }));
        guestOf(running, 'vm1').send(frame({ from: macOf(1), mark: mark + 100 }));
        if (mark % 7 === 6) running.run(50);
      }
      running.run(200_000);
      expect((await found)?.length ?? 5).toBe(5);
      const sent = ['nic0', 'nic1'].map((nic) =>
        nicOf(running, nic)
          .takeTransmitted()
          .map((one) => one[17] as number),
      );
      await running.close();
      return sent;
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('is one at a time; the next may begin when it is over', async () => {
    const running = await given();
    const first = running.trace('vm0', { forMs: 10 });
    const refusal = await running.trace('vm1').catch((error: unknown) => isFairleadError(error) && error.code);
    expect(refusal).toBe('FAIRLEAD_ERR_HOST_STATE');
    running.run(200_000);
    expect(await first).toEqual([]);
    expect(await traced(running, [frame({ from: macOf(1) })], {}, 'vm1')).toHaveLength(1);
  });
});
