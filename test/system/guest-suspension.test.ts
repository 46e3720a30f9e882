import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { requireParts } from './support/parts.ts';
import type { Guest } from './support/qemu.ts';
import { PEER, RealRun } from './support/real-run.ts';
import { transfer } from './support/transfer.ts';

const A = { name: 'a', mac: '52:54:00:00:00:0a', address: '10.77.0.11' };

const parts = requireParts('suspending real guests', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

const qemu = (socket: string) =>
  ({
    use: 'qemu',
    options: { socket, startMs: '90s', answerMs: '10s' },
    budget: { controlMs: '100s' },
  }) as const;

/** How many frames the guest's own driver says that it has sent. */
async function sentBy(guest: Guest): Promise<number> {
  return Number((await guest.run('cat /sys/class/net/eth0/statistics/tx_packets', 60_000)).output);
}

/** Waits until every frame that the guest has sent is accepted and transmitted, and none is dropped. */
async function expectNothingLost(run: RealRun): Promise<void> {
  const settled = async (): Promise<object | false> => {
    const sent = await sentBy(run.guest('a'));
    const [vm] = (await run.host.view()).vms;
    return vm?.acceptedFrames === sent && vm.transmittedFrames === sent && { sent, ...vm };
  };
  expect(await until(settled, 60_000, 'end of what the guest has sent')).toMatchObject({ dropped: {} });
  for (const { subject, missing } of await run.host.close()) expect([subject, missing]).toEqual([subject, 0]);
}

/** Waits until the guest runs by its own QMP status, and the host says the same. */
async function runs(run: RealRun): Promise<void> {
  const both = async (): Promise<boolean> =>
    (await run.guest('a').state()) === 'running' && (await run.host.view()).vms[0]?.state === 'running';
  await until(both, 30_000, 'guest that runs');
}

/** As often as it was paused, it has run on. */
function expectBalanced(guest: Guest, atLeast: number): void {
  const { pauses } = guest;
  expect(pauses.length).toBeGreaterThanOrEqual(2 * atLeast);
  expect(pauses).toEqual(Array.from({ length: pauses.length }, (_, i) => (i % 2 === 0 ? 'STOP' : 'RESUME')));
  expect(pauses.at(-1)).toBe('RESUME');
}

describe.skipIf(parts.skip)('row 11: a guest that asks to be suspended while a NIC fails over', () => {
  let run: RealRun;

  beforeAll(async () => {
    run = await RealRun.start(
      [{ ...A, suspendOnFailover: true }],
      {
        distribution: { use: 'vm-affinity', options: { pins: { a: 'uplink0' } } },
        signals: [{ on: 'failover', coolDownMs: 0, responders: [{ use: 'suspend' }] }],
      },
      qemu,
    );
  });
  afterAll(() => run?.close());

  it('is paused, as QMP says, for as long as its frames have no other NIC; then it runs on, and nothing that it sent is lost', async () => {
    const guest = run.guest('a');
    const { ports } = run.network;
    expect(await guest.state()).toBe('running');
    await run.lab.setLink(ports[1], 'down');
    await until(async () => (await run.host.view()).nics[1]?.state === 'down', 20_000, 'word that uplink1 is down');
    await runs(run);

    const sending = transfer(guest, PEER, 0, '-u -b 20M -l 1400 -t 12');
    const flows = async (): Promise<void> => {
      const before = (await run.wire())[0].rxBytes;
      await until(async () => (await run.wire())[0].rxBytes > before + 500_000, 30_000, 'traffic over uplink0');
    };
    const failing = async (): Promise<boolean> => {
      const { nics, vms } = await run.host.view();
      const [nic] = nics;
      const suspended = vms[0]?.state === 'suspended' && (await guest.state()) === 'paused';
      return nic?.state === 'down' && nic.failover && suspended;
    };
    // A cable that is pulled just when no frame is on its way holds none up: then it is pulled again.
    for (let held = false, pulls = 1; !held; pulls++) {
      await flows();
      await run.lab.setLink(ports[0], 'down');
      held = await until(failing, 2_000, 'guest that is paused while its NIC fails over').catch((error: unknown) => {
        if (pulls === 4) throw error;
        return false;
      });
      if (!held) await run.lab.setLink(ports[0], 'up');
    }
    const during = await run.host.view();
    expect(during.actions.at(-1)).toBe('suspend a, standing: failover');
    // It stands still: when what was in its socket has come, no more does.
    let accepted = -1;
    let looks = 0;
    const stands = async (): Promise<boolean> => {
      const before = accepted;
      accepted = (await run.host.view()).vms[0]?.acceptedFrames ?? 0;
      looks = before === accepted ? looks + 1 : 0;
      return looks >= 30;
    };
    await until(stands, 30_000, 'end of what was in the socket of the guest');
    for (let look = 0; look < 10; look++) expect(await stands()).toBe(true);

    await run.lab.setLink(ports[1], 'up');
    await runs(run);
    await sending;
    const after = await run.host.view();
    expect(after.nics[0]).toMatchObject({ state: 'down', failover: false });
    expect(after.actions.filter((action) => action !== 'suspend a, over: failover')).toEqual([]);
    expectBalanced(guest, 1);
    await expectNothingLost(run);
  });
});

describe.skipIf(parts.skip)('row 13: a guest that sends more than its bandwidth', () => {
  let run: RealRun;

  beforeAll(async () => {
    run = await RealRun.start(
      [{ ...A, bandwidth: { limitBps: 2e6, burstBytes: 16_384 } }],
      {
        admission: { use: 'shaping-filter' },
        signals: [
          {
            on: 'backlog',
            backlog: { frames: 100, lowFrames: 10 },
            forMs: '20ms',
            coolDownMs: 0,
            responders: [{ use: 'suspend' }],
          },
        ],
      },
      qemu,
    );
  });
  afterAll(() => run?.close());

  it('is paused, as QMP says, when its refused frames pile up, runs on when they are sent, and loses none', async () => {
    const guest = run.guest('a');
    expect([await guest.state(), guest.pauses]).toEqual(['running', []]);
    const sending = transfer(guest, PEER, 0, '-u -b 20M -l 1400 -n 1M');
    // It may have run on before this side looks: QEMU tells of each pause.
    await until(() => guest.pauses.includes('STOP'), 60_000, 'pause of the guest');
    await sending;
    await runs(run);
    const { actions } = await run.host.view();
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => action !== 'suspend a, over: backlog')).toEqual([]);
    expectBalanced(guest, 1);
    await expectNothingLost(run);
  });
});
