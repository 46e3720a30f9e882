import { isFairleadError } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { diary, fickle, hostOf, named, send, sentBy } from './given.ts';

describe('a swap', () => {
  it('makes the successor, hands the state over, lets it decide, and disposes of the predecessor after the probation', async () => {
    const { host, swaps } = await hostOf();
    send(host);
    send(host);
    diary.length = 0;
    const notice = await host.swap('distribution', named('b', { nic: 1 }), { probationMs: 5 });
    expect(notice).toEqual({
      section: 'distribution',
      from: 'counting',
      to: 'counting',
      handedOver: true,
      cause: 'asked',
    });
    expect(swaps).toEqual([notice]);
    send(host);
    expect(sentBy(host)).toEqual([2, 1]);
    expect(diary).toEqual(['made b', 'exported a', 'b took 2 from counting']);
    host.run(4_800);
    expect(diary).toHaveLength(3);
    host.run(200);
    expect(diary.at(-1)).toBe('disposed a');
    host.assertConserved();
  });

  it('without a probation disposes of the predecessor at once', async () => {
    const { host } = await hostOf();
    await host.swap('distribution', named('b'), { probationMs: 0 });
    expect(diary).toEqual(['made a', 'made b', 'exported a', 'b took 0 from counting', 'disposed a']);
  });

  it.each([
    ['garbage', ['made b', 'exported a', 'disposed b', 'made b']],
    ['throws', ['made b', 'exported a']],
    ['none', ['made b', 'exported a']],
    ['function', ['made b', 'exported a']],
  ] as const)('of a predecessor whose state is %s lets the successor start afresh', async (state, expected) => {
    const { host } = await hostOf({ distribution: { use: 'counting', options: { state } } });
    diary.length = 0;
    const warnings: string[] = [];
    host.on('log', ({ message }) => warnings.push(message));
    const { handedOver } = await host.swap('distribution', named('b'));
    expect(handedOver).toBe(false);
    // A successor that took in part of a state is not trusted with it: another one is made.
    expect([...diary].sort()).toEqual([...expected].sort());
    expect(warnings).toHaveLength(state === 'none' ? 0 : 1);
    send(host);
    expect(sentBy(host)).toEqual([1, 0]);
  });

  it.each([
    ['FAIRLEAD_ERR_PLUGIN_NOT_FOUND', { use: 'no-such-thing' }, 'distribution.use'],
    ['FAIRLEAD_ERR_PLUGIN_OPTIONS', named('b', { nic: 'left' as never }), 'distribution.options.nic'],
    ['FAIRLEAD_ERR_PLUGIN_CONSTRUCT', named('broken'), 'distribution'],
    ['FAIRLEAD_ERR_CONFIG_INVALID', { use: 'counting', fallback: {} }, 'distribution.fallback'],
    ['FAIRLEAD_ERR_PLUGIN_KIND', { definition: 'fickle', options: {} }, 'distribution.use'],
  ] as const)('that is refused with %s changes nothing', async (code, given, where) => {
    const { host, swaps } = await hostOf();
    const error = await host
      .swap(
        'distribution',
        (code === 'FAIRLEAD_ERR_PLUGIN_KIND' ? { definition: fickle, options: {} } : given) as never,
      )
      .catch((thrown: unknown) => thrown);
    expect(isFairleadError(error) && [error.code, error.where]).toEqual([code, where]);
    expect(swaps).toEqual([]);
    expect(host.policies.distribution).toBe('counting');
    send(host);
    expect(sentBy(host)).toEqual([1, 0]);
    expect(diary).toEqual(['made a']);
  });

  it('refuses a probation that is no time', async () => {
    const { host } = await hostOf();
    await expect(host.swap('distribution', named('b'), { probationMs: -1 })).rejects.toThrow('FAIRLEAD_ERR_SWAP');
    await expect(host.swap('distribution', named('b'), { probationMs: Number.NaN })).rejects.toThrow(
      'FAIRLEAD_ERR_SWAP',
    );
  });

  it('is refused by a host that is closed', async () => {
    const { host } = await hostOf();
    await host.close();
    expect(() => host.swap('distribution', named('b'))).toThrow('FAIRLEAD_ERR_HOST_STATE');
  });

  it('puts a policy into a place that had none', async () => {
    const { host } = await hostOf({ distribution: undefined });
    send(host);
    const { from, handedOver } = await host.swap('distribution', named('b', { nic: 1, throwsAfter: 1 }));
    expect([from, handedOver]).toEqual(['first-available', false]);
    send(host);
    send(host); // it fails, and what was before returns
    expect(sentBy(host)).toEqual([2, 1]);
  });

  it('of many at once does one after the other, in order', async () => {
    const { host, swaps } = await hostOf();
    await Promise.all(['b', 'c', 'd'].map((name) => host.swap('distribution', named(name), { probationMs: 0 })));
    expect(swaps).toHaveLength(3);
    expect(diary.filter((line) => line.startsWith('made'))).toEqual(['made a', 'made b', 'made c', 'made d']);
    expect(diary.filter((line) => line.startsWith('disposed'))).toEqual(['disposed a', 'disposed b', 'disposed c']);
  });
});

describe('a successor that fails on probation', () => {
  it('makes way for its predecessor, with the state that it had, and not for the fallback', async () => {
    const { host, swaps, faults } = await hostOf({
      distribution: { use: 'counting', fallback: { use: 'round-robin' } },
    });
    send(host);
    await host.swap('distribution', named('b', { nic: 1, throwsAfter: 1 }), { probationMs: 1000 });
    send(host);
    send(host);
    await Promise.resolve();
    expect(faults).toEqual(['counting, then counting']);
    expect(sentBy(host)).toEqual([2, 1]);
    expect(swaps.map(({ cause, handedOver }) => [cause, handedOver])).toEqual([
      ['asked', true],
      ['probation', false],
    ]);
    expect(diary.at(-1)).toBe('disposed b');
    host.run(2_000_000);
    expect(diary).not.toContain('disposed a');
    host.assertConserved();
  });

  it('leaves the fallback to its predecessor', async () => {
    const { host, faults } = await hostOf({
      distribution: { use: 'counting', options: { throwsAfter: 2 }, fallback: { use: 'round-robin' } },
    });
    await host.swap('distribution', named('b', { throwsAfter: 1 }));
    for (let i = 0; i < 6; i++) send(host);
    expect(faults).toEqual(['counting, then counting', 'counting, then round-robin']);
    expect(host.nics.status('nic0').txFrames + host.nics.status('nic1').txFrames).toBe(6);
  });

  it('after its probation makes way for the configured fallback', async () => {
    const { host, faults } = await hostOf({ distribution: { use: 'counting', fallback: { use: 'round-robin' } } });
    await host.swap('distribution', named('b', { throwsAfter: 1 }), { probationMs: 1 });
    host.run(2_000);
    for (let i = 0; i < 4; i++) send(host);
    expect(faults).toEqual(['counting, then round-robin']);
  });

  it('does not bring back a policy that had failed itself: the fallback that serves for it goes on', async () => {
    const { host, faults } = await hostOf({
      distribution: { use: 'counting', options: { throwsAfter: 1 }, fallback: { use: 'round-robin' } },
    });
    for (let i = 0; i < 3; i++) send(host);
    await host.swap('distribution', named('b', { throwsAfter: 1 }));
    for (let i = 0; i < 3; i++) send(host);
    expect(faults).toEqual(['counting, then round-robin', 'counting, then round-robin']);
    expect(host.policies.distribution).toBe('round-robin');
  });

  it('cannot be followed by one more swap to a place of two predecessors', async () => {
    const { host } = await hostOf();
    await host.swap('distribution', named('b'));
    await host.swap('distribution', named('c', { throwsAfter: 0 }));
    expect(diary).toContain('disposed a');
    send(host);
    await Promise.resolve();
    expect(diary.slice(-2)).toEqual(['disposed a', 'disposed c']);
  });
});

/** Drops nothing, and makes every VM wait for a while now and then. */
