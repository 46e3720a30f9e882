import { definePlugin, type LinkMonitor, type LinkVerdict, type MemberPort, Members, Type } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { BROADCAST, frame } from '../given/frames.ts';
import { inlineHost, memoryNic, nicOf } from '../given/inline-host.ts';

const HELLO = 0x88b6;
const LINK_POLL_US = 10_000;

/** A monitor under the hand of a test. */
class HandMonitor implements LinkMonitor {
  static readonly inject = [Members];
  static last: HandMonitor;
  readonly verdicts: LinkVerdict[] = ['up', 'up'];
  readonly heard: string[] = [];
  polls = 0;
  failing = false;
  hello = false;

  constructor(readonly port: MemberPort) {
    HandMonitor.last = this;
    port.listen(HELLO, true);
  }

  poll(nowUs: number): number {
    if (this.failing) throw new Error('lost its way');
    this.polls++;
    if (this.hello)
      for (const nic of this.port.members) this.port.send(nic, frame({ from: '02:fa:1e:ad:00:00', type: HELLO }));
    return nowUs + 100_000;
  }

  receive(nic: number, bytes: Uint8Array): undefined {
    this.heard.push(`${nic}: ${bytes.length}`);
  }

  verdict(nic: number): LinkVerdict {
    return this.verdicts[nic] as LinkVerdict;
  }

  explain(): string {
    return 'nobody answers';
  }
}

const monitor = definePlugin({
  kind: 'link-monitor',
  name: 'hand',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: HandMonitor,
});

let host: Host;
afterEach(() => host.close());

async function given(): Promise<HandMonitor> {
  host = await inlineHost(
    {
      nics: ['nic0', 'nic1', 'nic2'].map((name) => memoryNic(name)),
      teams: [{ name: 'team', active: ['nic0', 'nic1'], monitors: [{ use: 'hand' }] }],
    },
    [monitor],
  );
  return HandMonitor.last;
}

describe('a link monitor', () => {
  it('takes a NIC out of service whose link is up, with its reason, and gives it back', async () => {
    const changes: string[] = [];
    const one = await given();
    host.on('nic', ({ nic, state, cause }) => changes.push(`${nic} ${state}: ${cause}`));
    one.verdicts[0] = 'down';
    host.run(LINK_POLL_US);
    expect(host.teams.status('team').serving).toEqual(['nic1']);
    one.verdicts[0] = 'up';
    host.run(LINK_POLL_US);
    expect(host.teams.status('team').serving).toEqual(['nic1', 'nic0']);
    expect(changes).toEqual(['nic0 down: hand: nobody answers', 'nic0 up: link monitors find it well again']);
  });

  it.each(['ambiguous', 'unknown'] as const)('changes nothing while it is %s', async (verdict) => {
    const one = await given();
    one.verdicts.fill(verdict);
    host.run(5 * LINK_POLL_US);
    expect(host.teams.status('team').serving).toEqual(['nic0', 'nic1']);
  });

  it('is polled when it is due, and sends over every member', async () => {
    const one = await given();
    one.hello = true;
    host.run(1_000_000);
    expect(one.polls).toBeGreaterThanOrEqual(9);
    expect(one.polls).toBeLessThanOrEqual(11);
    const sent = ['nic0', 'nic1', 'nic2'].map((name) => nicOf(host, name).takeTransmitted().length);
    expect(sent[0]).toBeGreaterThanOrEqual(8);
    expect(sent).toEqual([sent[0], sent[0], 0]);
    host.assertConserved();
  });

  it('hears what arrives on the members of its team, and no other NIC', async () => {
    const one = await given();
    for (const name of ['nic0', 'nic1', 'nic2']) {
      nicOf(host, name).deliver(frame({ from: '06:00:00:00:00:99', to: BROADCAST, type: HELLO, bytes: 80 }));
    }
    host.run(LINK_POLL_US);
    expect(one.heard.sort()).toEqual(['0: 80', '1: 80']);
    host.assertConserved();
  });

  it('is put aside when it throws, with its verdicts', async () => {
    const faults: unknown[] = [];
    const one = await given();
    host.on('fault', ({ plugin, hook, code }) => faults.push([plugin, hook, code]));
    one.verdicts[0] = 'down';
    host.run(LINK_POLL_US);
    one.failing = true;
    host.run(200_000);
    expect(faults).toEqual([['hand', 'poll', 'FAIRLEAD_ERR_PLUGIN_THREW']]);
    expect(host.teams.status('team').serving).toEqual(['nic1', 'nic0']);
  });
});
