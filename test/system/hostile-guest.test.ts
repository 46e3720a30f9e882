import type { DropReasonName } from '@fairlead/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { FrameTally } from './support/frame-tally.ts';
import { requireParts } from './support/parts.ts';
import { PEER, RealRun } from './support/real-run.ts';
import { EXPERIMENTAL_TYPE, ethernetFrame, framed, StreamSocket } from './support/stream-socket.ts';

const VICTIM = { name: 'victim', mac: '52:54:00:00:00:0a', address: '10.77.0.11' };
const HOSTILE = { name: 'hostile', mac: '52:54:00:00:00:0c' };
const ABSENT = '02:00:00:00:00:99';
/** Where the flood goes to: everybody, the victim, nobody. */
const FLOODED = ['ff:ff:ff:ff:ff:ff', VICTIM.mac, ABSENT] as const;

const parts = requireParts('a hostile guest beside a good one', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'tcpdump', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

describe.skipIf(parts.skip)('a hostile guest beside a Linux guest that pings its peer', () => {
  let run: RealRun;
  /** Frames of our type that reach either cable. */
  let tallies: readonly FrameTally[];
  let before: Drops;

  type Drops = Partial<Record<DropReasonName, number>>;

  beforeAll(async () => {
    run = await RealRun.start([VICTIM, HOSTILE], {
      admission: { use: 'shaping-filter' },
      distribution: { use: 'vm-affinity' },
    });
    tallies = await Promise.all(
      run.network.ports.map((port) => FrameTally.start(run.lab, port, `ether proto ${EXPERIMENTAL_TYPE}`)),
    );
  });
  afterAll(() => run?.close());
  beforeEach(async () => {
    before = await drops(HOSTILE.name);
  });

  async function drops(name: string): Promise<Drops> {
    return (await run.host.view()).vms.find((vm) => vm.name === name)?.dropped ?? {};
  }

  /** Waits until exactly this many more frames of the hostile VM are counted under a reason. */
  async function expectCounted(reason: DropReasonName, frames: number): Promise<void> {
    const expected = { ...before, [reason]: (before[reason] ?? 0) + frames };
    const same = async (): Promise<boolean> => ((await drops(HOSTILE.name))[reason] ?? 0) >= (expected[reason] ?? 0);
    await until(same, 20_000, `${frames} frames counted as ${reason}`);
    expect(await drops(HOSTILE.name)).toEqual(expected);
  }

  /** Frames of our type on both cables, by source MAC. */
  function onTheWire(): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const counts of tallies.map((tally) => tally.counts())) {
      for (const [mac, frames] of Object.entries(counts)) sum[mac] = (sum[mac] ?? 0) + frames;
    }
    return sum;
  }

  /** Sends a good frame and waits until it is on the wire: whatever was sent before it would be there, too. */
  async function sendGoodFrame(socket: StreamSocket): Promise<void> {
    const sent = (onTheWire()[HOSTILE.mac] ?? 0) + 1;
    await socket.send(framed(ethernetFrame(ABSENT, HOSTILE.mac, 60)));
    await until(() => onTheWire()[HOSTILE.mac] === sent, 20_000, 'good frame on the wire');
  }

  /** What the victim's ping says while `attack` goes on: nothing may be lost. */
  async function whilePinging(attack: () => Promise<void>): Promise<void> {
    const pinging = run.guest(VICTIM.name).run(`ping -q -i 0.02 -c 100 ${PEER}`, 60_000);
    let over = false;
    const [{ output }] = await Promise.all([
      pinging.finally(() => {
        over = true;
      }),
      (async () => {
        do await attack();
        while (!over);
      })(),
    ]);
    expect(output).toContain('100 packets transmitted, 100 packets received');
    expect(await drops(VICTIM.name)).toEqual({});
  }

  it('that sends a length of 4 GiB is counted as malformed and cut off, and may come again', async () => {
    const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
    await socket.send(framed(Buffer.alloc(1_000), 0xffff_ffff));
    await socket.closed();
    await expectCounted('malformed', 1);
    const again = await StreamSocket.connect(run.socket(HOSTILE.name));
    await sendGoodFrame(again);
    await again.leave();
  });

  it('that leaves after half a frame is counted as malformed', async () => {
    const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
    await socket.send(framed(ethernetFrame(ABSENT, HOSTILE.mac, 60).subarray(0, 30), 60));
    await socket.leave();
    await expectCounted('malformed', 1);
  });

  it('that sends one byte at a time gets its frame through', async () => {
    const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
    const sent = onTheWire()[HOSTILE.mac] ?? 0;
    await socket.sendSlowly(framed(ethernetFrame(ABSENT, HOSTILE.mac, 60)));
    await until(() => onTheWire()[HOSTILE.mac] === sent + 1, 20_000, 'frame on the wire');
    expect(await drops(HOSTILE.name)).toEqual(before);
    await socket.leave();
  });

  it('that forges its source MAC is counted as spoofed, and none of it reaches the wire', async () => {
    const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
    for (const source of [VICTIM.mac, ABSENT]) {
      for (let frames = 0; frames < 50; frames++) await socket.send(framed(ethernetFrame(ABSENT, source, 60)));
    }
    await expectCounted('spoofed', 100);
    await sendGoodFrame(socket);
    expect(Object.keys(onTheWire())).toEqual([HOSTILE.mac]);
    await socket.leave();
  });

  it('that sends frames of 0 to 13 bytes is counted as runt, and its next frame goes', async () => {
    const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
    for (let bytes = 0; bytes < 14; bytes++) {
      await socket.send(framed(ethernetFrame(ABSENT, HOSTILE.mac, bytes)));
    }
    await expectCounted('runt', 14);
    await sendGoodFrame(socket);
    await socket.leave();
  });

  it('that sends frames too long for a slot is counted as oversize, and its next frame goes', async () => {
    const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
    for (const bytes of [2_049, 9_000, 100_000]) {
      await socket.send(framed(ethernetFrame(ABSENT, HOSTILE.mac, bytes)));
    }
    await expectCounted('oversize', 3);
    await sendGoodFrame(socket);
    await socket.leave();
  });

  it('that does all this at once, and without end, costs the other guest not one ping', async () => {
    const flood = Buffer.concat(
      Array.from({ length: 200 }, (_, at) => framed(ethernetFrame(FLOODED[at % 3] as string, VICTIM.mac, 60 + at))),
    );
    let rounds = 0;
    await whilePinging(async () => {
      const socket = await StreamSocket.connect(run.socket(HOSTILE.name));
      for (let times = 0; times < 5; times++) await socket.send(flood);
      await socket.sendSlowly(framed(ethernetFrame(ABSENT, HOSTILE.mac, 8)));
      await socket.send(framed(Buffer.alloc(10), 0xffff_ffff));
      await socket.closed();
      rounds++;
    });
    expect(rounds).toBeGreaterThan(0);
    const { spoofed = 0, runt = 0, malformed = 0, ...rest } = before;
    await until(
      async () => ((await drops(HOSTILE.name)).spoofed ?? 0) >= spoofed + rounds * 1_000,
      20_000,
      'all drops',
    );
    expect(await drops(HOSTILE.name)).toEqual({
      ...rest,
      spoofed: spoofed + rounds * 1_000,
      runt: runt + rounds,
      malformed: malformed + rounds,
    });
    expect(Object.keys(onTheWire())).toEqual([HOSTILE.mac]);
  });

  it('leaves every frame accounted for', async () => {
    const { events } = await run.host.view();
    expect(events.filter((event) => /^(fault|worker|device) /.test(event))).toEqual([]);
    for (const { subject, missing } of await run.host.close()) expect([subject, missing]).toEqual([subject, 0]);
  });
});
