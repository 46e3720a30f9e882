import { describe, expect, it } from 'vitest';
import { checkScenario } from '../src/scenario/check.ts';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { simulate } from '../src/simulate.ts';
import { hostOf } from './one-host.ts';

const right: WrittenScenario = {
  duration: '1s',
  host: hostOf(['web', 'db']),
  senders: [{ vm: 'web', kind: 'tcp' }],
};
const check = async (written: object) =>
  (await checkScenario({ ...right, ...written } as WrittenScenario, { bases: [import.meta.url] })).complaints;
const sender = (more: object) => ({ senders: [{ vm: 'web', kind: 'tcp', ...more }] });
const event = (more: object) => ({ events: [{ at: '100ms', ...more }] });

describe('a scenario', () => {
  it('is right as written here', async () => {
    expect(await check({})).toEqual([]);
  });

  it.each([
    ['a VM that the host does not have', sender({ vm: 'wep' }), 'senders[0].vm', 'did you mean "web"?'],
    [
      'a kind that there is not',
      sender({ kind: 'udp' }),
      'senders[0].kind',
      'use one of: tcp, constant, on-off, bursts, clients, flash-crowd, flood, scan',
    ],
    [
      'a constant sender without a rate',
      sender({ kind: 'constant' }),
      'senders[0].rateBps',
      'a sender of kind constant needs it',
    ],
    ['a rate for tcp', sender({ rateBps: '1Mbps' }), 'senders[0].rateBps', 'remove it, or change the kind'],
    ['a size where a rate belongs', sender({ kind: 'constant', rateBps: '64KiB' }), 'senders[0].rateBps', undefined],
    [
      'a sender in both directions',
      sender({ to: 'x', from: 'y' }),
      'senders[0].from',
      'remove one; vm is the other end',
    ],
    [
      'a VM of this host that sends from outside',
      sender({ from: 'db' }),
      'senders[0].from',
      'write vm: db and to: web',
    ],
    ['a VM that sends to itself', sender({ to: 'web' }), 'senders[0].to', 'name another one, or leave it out'],
    [
      'an end before the beginning',
      sender({ start: '1s', stop: '500ms' }),
      'senders[0].stop',
      'make stop later than start',
    ],
    ['a network behind no NIC', { network: { uplnk0: {} } }, 'network.uplnk0', 'did you mean "uplink0"?'],
    ['a probability above 1', { network: { uplink0: { lossRate: 2 } } }, 'network.uplink0.lossRate', undefined],
    ['an event without its NIC', event({ do: 'nic-down' }), 'events[0].nic', 'nic-down needs it'],
    [
      'an event with more than it needs',
      event({ do: 'nic-up', nic: 'uplink0', vm: 'web' }),
      'events[0].vm',
      'remove it',
    ],
    [
      'an event for no sender',
      event({ do: 'sender-stop', sender: 'web-tpc' }),
      'events[0].sender',
      'did you mean "web-tcp"?',
    ],
    [
      'a rate for a tcp sender',
      event({ do: 'sender-rate', sender: 'web-tcp', rateBps: 1 }),
      'events[0].sender',
      undefined,
    ],
    ['an event after the end', { events: [{ at: '2s', do: 'vm-suspend', vm: 'web' }] }, 'events[0].at', undefined],
    [
      'a successor that there is not',
      event({ do: 'swap', section: 'admission', policy: { use: 'no-such' } }),
      'events[0].policy.use',
      undefined,
    ],
    ['a warm-up that leaves nothing', { warmUp: '1s' }, 'warmUp', 'make it shorter than duration'],
    ['a key that there is not', { sneders: [] }, 'sneders', 'did you mean "senders"?'],
    [
      'a plugin of the host',
      { host: hostOf(['web'], { admission: { use: 'shapping-filter' } }) },
      'host.admission.use',
      undefined,
    ],
  ])('is refused with %s', async (_, written, path, mend) => {
    const found = (await check(written)).find((complaint) => complaint.path === path);
    expect(found?.what).toBeTypeOf('string');
    if (mend !== undefined) expect(found?.mend).toBe(mend);
  });

  it('has all its faults told at once', async () => {
    const complaints = await check({ ...sender({ vm: 'wep', kind: 'constant' }), network: { x: {} } });
    expect(complaints.map(({ path }) => path)).toEqual(['senders[0].vm', 'senders[0].rateBps', 'network.x']);
  });

  it('is not run when it is wrong', async () => {
    await expect(
      simulate({ ...right, ...sender({ vm: 'wep' }) } as WrittenScenario, {}, { bases: [import.meta.url] }),
    ).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_CONFIG_NAME',
      where: 'senders[0].vm',
    });
  });

  it('has names for its senders, given or made', async () => {
    const senders = [
      { vm: 'web', kind: 'tcp' },
      { name: 'web-tcp-2', vm: 'web', kind: 'tcp' },
      { vm: 'web', kind: 'tcp' },
    ] as const;
    const { scenario } = await checkScenario({ ...right, senders }, { bases: [import.meta.url] });
    expect(scenario?.named.map(({ name }) => name)).toEqual(['web-tcp', 'web-tcp-2', 'web-tcp-3']);
  });
});
