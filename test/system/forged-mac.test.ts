import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from './support/command.ts';
import { until } from './support/deadline.ts';
import { FrameTally } from './support/frame-tally.ts';
import { requireParts } from './support/parts.ts';
import { pings } from './support/pings.ts';
import { PEER, RealRun } from './support/real-run.ts';

const FORGER = { name: 'forger', mac: '52:54:00:00:04:0a', address: '10.77.0.41' };
const NEIGHBOUR = { name: 'neighbour', mac: '52:54:00:00:04:0b', address: '10.77.0.42' };
/** Nobody's. */
const RANDOM = '52:54:00:de:ad:01';
/** An address that leads to everybody. */
const EVERYBODY = '10.77.0.99';
const TARGETS = [PEER, NEIGHBOUR.address, EVERYBODY] as const;
const PINGS = 50;
/** More than anybody sends here but who floods. */
const FLOOD_FPS = 1_500;

const parts = requireParts('a guest that forges its MAC', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'ping', 'tcpdump', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

describe.skipIf(parts.skip)('a Linux guest that forges its source MAC, beside one that does not', () => {
  let run: RealRun;
  let peerMac: string;
  /** What the forger's uplink carries, by source MAC; and what the neighbour's carries of others. */
  let own: FrameTally;
  let strange: FrameTally;

  beforeAll(async () => {
    run = await RealRun.start(
      [FORGER, NEIGHBOUR],
      {
        distribution: { use: 'vm-affinity', options: { pins: { forger: 'uplink0', neighbour: 'uplink1' } } },
        detectors: [
          {
            use: 'volume',
            options: { floorFps: FLOOD_FPS, floorBps: 1e12, windows: 1, learnWindows: 1, crowds: true },
            windowMs: 500,
          },
        ],
        signals: [
          { on: 'attack', ttlMs: '1s', whileSignalled: false, coolDownMs: '1h', responders: [{ use: 'suspend' }] },
        ],
      },
      (socket) => ({
        use: 'qemu',
        options: { socket, startMs: '90s', answerMs: '10s' },
        budget: { controlMs: '100s' },
      }),
    );
    const { peer, ports } = run.network;
    const { stdout } = await run.lab.run(peer.namespace as string, ['cat', `/sys/class/net/${peer.device}/address`]);
    peerMac = stdout.trim();
    // Nobody has to ask for a MAC, so nothing goes over the wire but what the tests send.
    for (const { name, mac, address } of [FORGER, NEIGHBOUR]) {
      const known = ['neigh', 'replace', address, 'lladdr', mac, 'dev', peer.device, 'nud', 'permanent'];
      await command(['ip', '-n', peer.namespace as string, ...known]);
      await inGuest(name, 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6');
    }
    await inGuest(FORGER.name, knows());
    await inGuest(NEIGHBOUR.name, `arp -s ${PEER} ${peerMac}`);
    // The bridge learns where both are.
    for (const { name } of [FORGER, NEIGHBOUR]) await pingsPeer(name, 5);
    [own, strange] = await Promise.all([
      FrameTally.start(run.lab, ports[0], 'ip or arp or rarp'),
      FrameTally.start(run.lab, ports[1], `not ether src ${NEIGHBOUR.mac}`),
    ]);
  });
  afterAll(() => run?.close());

  async function inGuest(name: string, line: string): Promise<string> {
    const { status, output } = await run.guest(name).run(line, 60_000);
    expect([line, status, output]).toEqual([line, 0, output]);
    return output;
  }

  /** Has the forger know the MACs of all it talks to; its kernel forgets them when it changes its own. */
  function knows(): string {
    const macs = [peerMac, NEIGHBOUR.mac, 'ff:ff:ff:ff:ff:ff'];
    return TARGETS.map((address, at) => `arp -s ${address} ${macs[at]}`).join(' && ');
  }

  const takes = (mac: string): string => `ip link set eth0 address ${mac} && ${knows()}`;

  /** A guest pings the peer, and is answered each time. */
  async function pingsPeer(name: string, count: number): Promise<void> {
    const { output } = await run.guest(name).run(`ping -q -i 0.02 -c ${count} ${PEER}`, 60_000);
    expect(output).toContain(`${count} packets transmitted, ${count} packets received`);
  }

  /** A forged MAC, pings to everybody with it, and the own MAC again. Nobody answers who has not sent. */
  async function forge(mac: string): Promise<void> {
    const unheard = TARGETS.map((to) => `ping -q -i 0.01 -W 1 -c ${PINGS} ${to} &`).join(' ');
    const said = await inGuest(FORGER.name, `${takes(mac)} && { ${unheard} wait; ${takes(FORGER.mac)}; }`);
    expect(said.match(/\d+ packets transmitted, \d+ packets received/g)).toEqual(
      TARGETS.map(() => `${PINGS} packets transmitted, 0 packets received`),
    );
  }

  /** Where the frames of a VM have gone, when all that its own driver says it has sent have come to their end. */
  async function sent(name: string): Promise<{ sent: number; passed: number; spoofed: number }> {
    const settled = async () => {
      const frames = Number(await inGuest(name, 'cat /sys/class/net/eth0/statistics/tx_packets'));
      const vm = (await run.host.view()).vms.find((one) => one.name === name);
      const { acceptedFrames: accepted = 0, transmittedFrames: passed = 0, dropped = {} } = vm ?? {};
      const { spoofed = 0, ...others } = dropped;
      expect(others).toEqual({});
      return accepted === frames && passed + spoofed === frames && { sent: frames, passed, spoofed };
    };
    return until(settled, 60_000, `end of what ${name} has sent`);
  }

  /** Has the neighbour ping the peer while something goes on, and be answered each time. */
  async function whilePinging(work: () => Promise<void>): Promise<void> {
    let over = false;
    const pinging = (async () => {
      do await pingsPeer(NEIGHBOUR.name, 20);
      while (!over);
    })();
    await Promise.all([work().finally(() => (over = true)), pinging]);
  }

  it.each([
    { whose: "its neighbour's", mac: NEIGHBOUR.mac },
    { whose: "nobody's", mac: RANDOM },
  ])(
    'has every frame with $whose counted as spoofed, to one and to all, and every one of its own sent',
    async ({ mac }) => {
      const before = await sent(FORGER.name);
      const carried = own.counts()[FORGER.mac] ?? 0;
      await whilePinging(async () => {
        await forge(mac);
        await pingsPeer(FORGER.name, 20);
        await forge(mac);
        await pingsPeer(FORGER.name, 20);
      });
      const after = await sent(FORGER.name);
      const forged = 2 * PINGS * TARGETS.length;
      expect({
        sent: after.sent - before.sent,
        passed: after.passed - before.passed,
        spoofed: after.spoofed - before.spoofed,
      }).toEqual({ sent: forged + 40, passed: 40, spoofed: forged });
      // Its last own frame was behind all that were forged.
      await until(() => own.counts()[FORGER.mac] === carried + 40, 10_000, 'own frames on the wire');
      expect([own.counts(), strange.counts()]).toEqual([{ [FORGER.mac]: carried + 40 }, {}]);
      expect((await sent(NEIGHBOUR.name)).spoofed).toBe(0);
    },
  );

  it("does not come by its neighbour's frames: that has each of them, once", async () => {
    const received = async (): Promise<number> =>
      Number(await inGuest(FORGER.name, 'cat /sys/class/net/eth0/statistics/rx_packets'));
    // Its NIC takes whatever comes, so that only the host is in between.
    await inGuest(FORGER.name, 'ip link set eth0 promisc on');
    const before = await received();
    const spoofed = (await sent(FORGER.name)).spoofed;
    let rounds = 0;
    let over = false;
    const forging = (async () => {
      for (; !over; rounds++) await forge(NEIGHBOUR.mac);
    })();
    const { sent: pinged, pongs } = await pings(run.lab, run.network.peer, NEIGHBOUR.address, 200, 20).finally(
      () => (over = true),
    );
    await forging;
    expect(pinged).toBe(200);
    expect(pongs.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    expect(rounds).toBeGreaterThan(0);
    expect((await sent(FORGER.name)).spoofed - spoofed).toBe(rounds * PINGS * TARGETS.length);
    expect((await received()) - before).toBe(0);
  });

  it("is itself suspended when it floods with its neighbour's MAC; the neighbour is not", async () => {
    const acted = async (): Promise<string[]> => [...(await run.host.view()).actions];
    expect(await acted()).toEqual([]);
    // Each ping is 41 fragments.
    const flood = `for i in 1 2 3 4 5 6; do ping -q -i 0.005 -w 1 -s 60000 ${PEER}; done`;
    await whilePinging(async () => {
      const flooding = inGuest(FORGER.name, `${takes(NEIGHBOUR.mac)} && { ${flood}; true; }; ${takes(FORGER.mac)}`);
      await until(
        async () => (await acted()).includes('suspend forger, expired: attack'),
        60_000,
        'end of the suspension',
      );
      await flooding;
    });
    const settled = await sent(FORGER.name);
    expect(settled.spoofed).toBeGreaterThan(FLOOD_FPS / 2);
    await pingsPeer(FORGER.name, 20);
    const { actions, signals } = await run.host.view();
    // That it floods on when it has been let go is not answered: it rests.
    const done = actions.filter((action) => action !== 'none forger, withheld: attack');
    expect(done).toEqual(['suspend forger, expired: attack']);
    expect(new Set(signals.map((signal) => signal.split(' ')[2]))).toEqual(new Set([FORGER.name]));
    expect(run.guest(FORGER.name).pauses).toEqual(['STOP', 'RESUME']);
    expect(run.guest(NEIGHBOUR.name).pauses).toEqual([]);
  });

  it('leaves every frame accounted for', async () => {
    const { events } = await run.host.view();
    expect(events.filter((event) => /^(fault|worker|device) /.test(event))).toEqual([]);
    for (const { subject, missing } of await run.host.close()) expect([subject, missing]).toEqual([subject, 0]);
  });
});
