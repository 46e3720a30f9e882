import type { Signal } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { checkHost } from '../../src/compose.ts';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import type { SignalNotice } from '../../src/signals/signal-board.ts';
import { bundled } from '../given/bundled.ts';
import { attack, detector, type Watch } from '../given/detectors.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost } from '../given/inline-host.ts';
import { action, pass, responder } from '../given/responders.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

/** Detectors that say what a test tells them, and a responder on attacks that acts. */
async function given(
  watches: Readonly<Record<string, Watch>>,
  change: Partial<WrittenHostConfig> = {},
): Promise<{ host: Host; notices: SignalNotice[] }> {
  const plugins = Object.entries(watches).map(([name, watch]) => detector(name, watch));
  const act = responder('act', async ({ vm }, context) => [action(context, { vm: vm as number })]);
  const detectors = Object.keys(watches).map((use) => ({ use, windowMs: 10 }));
  const running = await inlineHost({ detectors, ...change }, [...plugins, act]);
  host = running;
  const notices: SignalNotice[] = [];
  running.on('signal', (notice) => notices.push(notice));
  return { host: running, notices };
}

const onAttack = (more: object = {}) => ({ on: 'attack' as const, responders: [{ use: 'act' }], ...more });

describe('a window', () => {
  it('is judged when it is over, on the virtual clock, and has nothing to do with batches', async () => {
    const judged: number[] = [];
    const judge = (nowUs: number): readonly Signal[] => {
      judged.push(nowUs);
      return [];
    };
    const { host } = await given({ quiet: { judge } });
    host.run(100_000);
    expect(judged).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n * 10_000));
  });

  it('has each detector judge at its own pace', async () => {
    const judged: string[] = [];
    const telling = (name: string): Watch => ({ judge: () => (judged.push(name), []) });
    const detectors = [
      { use: 'slow', windowMs: '50ms' },
      { use: 'fast', windowMs: 20 },
    ] as const;
    const { host } = await given({ slow: telling('slow'), fast: telling('fast') }, { detectors });
    host.run(100_000);
    expect(judged).toEqual(['fast', 'fast', 'slow', 'fast', 'fast', 'slow', 'fast']);
  });

  it('that nobody was awake at the end of is judged once, late, and the next ones end as if it had been in time', async () => {
    const judged: number[] = [];
    const detectors = [{ use: 'quiet', windowMs: 3 }];
    const { host } = await given({ quiet: { judge: (nowUs) => (judged.push(nowUs), []) } }, { detectors });
    host.run(35_000, 35_000);
    expect(judged).toEqual([10_000, 20_000, 30_000, 35_000]);
    host.run(10_000);
    expect(judged.slice(4)).toEqual([36_000, 39_000, 42_000, 45_000]);
  });
});

describe('a signal', () => {
  it('stands until its detector leaves it out, and is told when it begins and is over', async () => {
    let found: readonly Signal[] = [];
    const { host, notices } = await given({ eye: { judge: () => found } });
    host.run(10_000);
    found = [attack(1, 10_000, { confidence: 0.7, evidence: { frames: 12, from: 'outside' } })];
    host.run(5000);
    expect(host.signals.heard()).toEqual([]);
    host.run(5000);
    const raised = { ...(found[0] as Signal), from: 'eye' };
    expect(host.signals.heard()).toEqual([raised]);
    found = [{ ...raised, evidence: { frames: 13 } }];
    host.run(10_000);
    expect(host.signals.heard()).toEqual(found);
    expect(notices).toEqual([{ state: 'began', signal: raised, vm: 'vm1', nic: '' }]);
    found = [];
    host.run(10_000);
    expect(host.signals.heard()).toEqual([]);
    expect(notices[1]).toEqual({ state: 'over', signal: { ...raised, evidence: { frames: 13 } }, vm: 'vm1', nic: '' });
    expect(notices).toHaveLength(2);
  });

  it('carries the name of its detector, whatever that writes', async () => {
    const { host } = await given({ eye: { judge: (nowUs) => [attack(0, nowUs, { from: 'somebody-else' })] } });
    host.run(10_000);
    expect(host.signals.heard().map(({ from }) => from)).toEqual(['eye']);
  });

  it('is kept as it was said, whatever its detector does to it later', async () => {
    const said = { kind: 'attack', vm: 0, atUs: 5, confidence: 0.5, evidence: { frames: 1 } } as const;
    const { host } = await given({ eye: { judge: () => [said] } });
    host.run(10_000);
    (said.evidence as { frames: number }).frames = 99;
    expect(host.signals.heard()[0]?.evidence).toEqual({ frames: 1 });
  });

  it('is answered by the chains on attack, and what they did is undone when it is over', async () => {
    let found: readonly Signal[] = [attack(1, 0)];
    const { host } = await given({ eye: { judge: () => found } }, { signals: [onAttack()] });
    await pass(host, 30);
    expect(host.signals.actions()).toMatchObject([{ vm: 'vm1', signal: { from: 'eye', kind: 'attack' } }]);
    found = [];
    await pass(host, 30);
    expect(host.signals.history()).toMatchObject([{ vm: 'vm1', state: 'over' }]);
  });

  it('of the same matter is answered as the most certain one says', async () => {
    const saying = (confidence: number): Watch => ({ judge: (nowUs) => [attack(0, nowUs, { confidence })] });
    const watches = { doubtful: saying(0.2), certain: saying(0.9), middling: saying(0.5) };
    const { host } = await given(watches, { signals: [onAttack({ minConfidence: 0.4 })] });
    await pass(host, 30);
    expect(host.signals.heard().map(({ from }) => from)).toEqual(['certain', 'middling', 'doubtful']);
    expect(host.signals.actions().map(({ signal }) => signal.from)).toEqual(['certain']);
  });

  it('reaches only the chains that hear its detector', async () => {
    const watches = {
      eye: { judge: (nowUs: number) => [attack(0, nowUs)] },
      ear: { judge: (nowUs: number) => [attack(1, nowUs)] },
    };
    const signals = [onAttack({ detectors: ['ear'] }), onAttack({ detectors: ['ear', 'eye'] })];
    const { host } = await given(watches, { signals });
    await pass(host, 30);
    expect(host.signals.actions().map(({ where, vm }) => `${where} ${vm}`)).toEqual([
      'signals[0] vm1',
      'signals[1] vm0',
      'signals[1] vm1',
    ]);
  });

  it('of another kind is heard by the chains on that kind, beside what the host sees itself', async () => {
    const judge = (nowUs: number): readonly Signal[] => [attack(1, nowUs, { kind: 'backlog' })];
    const { host } = await given({ eye: { judge } }, { signals: [{ on: 'backlog', responders: [{ use: 'act' }] }] });
    await pass(host, 30);
    expect(host.signals.actions()).toMatchObject([{ vm: 'vm1', signal: { kind: 'backlog', from: 'eye' } }]);
  });

  it('counts what passed: a flood is seen in the window that it falls into', async () => {
    const frames = new Map<number, number>();
    const eye: Watch = {
      observe: ({ vm, count, direction }) => {
        if (direction === 'outbound') frames.set(vm, (frames.get(vm) ?? 0) + count);
      },
      judge: (nowUs) => {
        const raised = [...frames].flatMap(([vm, sent]) => (sent > 50 ? [attack(vm, nowUs)] : []));
        frames.clear();
        return raised;
      },
    };
    const { host, notices } = await given({ eye });
    host.run(12_000);
    for (let i = 0; i < 60; i++) guestOf(host, 'vm1').send(frame({ from: macOf(1) }));
    host.run(28_000);
    expect(notices.map(({ state, vm, signal }) => `${state} ${vm} ${signal.atUs}`)).toEqual([
      'began vm1 20000',
      'over vm1 20000',
    ]);
  });
});

describe('the configuration', () => {
  const written = (change: object): WrittenHostConfig => ({
    nics: [{ name: 'nic0', driver: { use: 'memory' } }],
    vms: [{ name: 'vm0', mac: macOf(0), device: { use: 'memory' } }],
    ...change,
  });
  const check = async (change: object) => {
    const definitions = new Map([['detector/eye', detector('eye', {})]]);
    const { complaints } = await checkHost(written(change), { bases: [bundled], definitions });
    return complaints.map(({ code, path, what, mend }) => `${code} ${path}: ${what}; ${mend}`);
  };

  it('refuses a chain that hears a detector which the host does not have', async () => {
    const signals = [{ on: 'attack', detectors: ['aye'], responders: [{ use: 'suspend' }] }];
    expect(await check({ detectors: [{ use: 'eye' }], signals })).toEqual([
      'FAIRLEAD_ERR_CONFIG_NAME signals[0].detectors[0]: there is no detector "aye"; did you mean "eye"?',
    ]);
  });

  it('refuses a chain that hears attacks where nobody raises them, and says how to have somebody', async () => {
    const responders = [{ use: 'suspend' }];
    const signals = [
      { on: 'backlog', responders },
      { on: 'attack', responders },
    ];
    expect(await check({ signals })).toEqual([
      'FAIRLEAD_ERR_CONFIG_NAME signals[1].on: nobody raises attack: the host has no detectors; add detectors: [{ use: volume }]',
    ]);
    expect(await check({ signals, detectors: [{ use: 'eye' }] })).toEqual([]);
    // A detector that is wrong is complained of itself, and one that is heard by its name is missed by its name.
    expect(await check({ signals, detectors: [{ use: 'nose' }] })).toHaveLength(1);
    const byName = await check({ signals: [{ on: 'attack', detectors: ['eye'], responders }] });
    expect(byName).toEqual([
      'FAIRLEAD_ERR_CONFIG_NAME signals[0].detectors[0]: there is no detector "eye"; add it under detectors',
    ]);
  });

  it('names the place of a detector that is not there, of a wrong option and of a wrong window', async () => {
    const missing = await check({ detectors: [{ use: 'eye' }, { use: 'nose' }] });
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(/^FAIRLEAD_ERR_PLUGIN_NOT_FOUND detectors\[1\]\.use: /);
    expect((await check({ detectors: [{ use: 'eye', options: { sharp: 1 } }] }))[0]).toMatch(
      /^FAIRLEAD_ERR_PLUGIN_OPTIONS detectors\[0\]\.options/,
    );
    expect((await check({ detectors: [{ use: 'eye', windowMs: 0 }] }))[0]).toMatch(
      /^FAIRLEAD_ERR_CONFIG_INVALID detectors\[0\]\.windowMs/,
    );
  });

  it('refuses another kind of plugin', async () => {
    expect((await check({ detectors: [{ use: 'suspend' }] }))[0]).toMatch(/ detectors\[0\]\.use: /);
  });
});
