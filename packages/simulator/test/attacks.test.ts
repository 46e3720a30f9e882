import { describe, expect, it } from 'vitest';
import { addressesOf } from '../src/run/ends.ts';
import type { NamedSender } from '../src/scenario/check.ts';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { ACK_BYTES, FrameWriter, remoteAddress, vmAddress } from '../src/traffic/frame-codec.ts';
import { CrowdPace } from '../src/traffic/pace.ts';
import { Packet, TcpFlag } from '../src/traffic/packet.ts';
import { hostOf, simulate } from './one-host.ts';

const second = { duration: '1s', host: hostOf(['web', 'db']), network: { '*': { delay: '1ms' } } } as const;
const run = (senders: WrittenScenario['senders'], more: object = {}) => simulate({ ...second, senders, ...more });

/** The frames of a sender's packets as they come from the network, as fields of their headers. */
function headersOf(sender: Partial<NamedSender>, packets: readonly { number: number; flags: number }[]) {
  const whole = { name: 's', vm: 'web', flows: 1, start: 0, frameBytes: ACK_BYTES, ...sender } as NamedSender;
  const ends = addressesOf(whole, remoteAddress(0, 10_000), vmAddress('52:54:00:00:00:01', 0, 443), 7);
  const writer = new FrameWriter(ends.from, ends.to, true, 256);
  const view = new DataView(writer.memory.buffer, writer.start);
  return packets.map((one) => {
    writer.write(Object.assign(new Packet(), { bytes: ACK_BYTES }, one));
    return {
      etherType: view.getUint16(12),
      protocol: view.getUint8(23),
      source: view.getUint32(26),
      destination: view.getUint32(30),
      sourcePort: view.getUint16(34),
      port: view.getUint16(36),
      flags: view.getUint8(47),
    };
  });
}
const numbers = (count: number, flags: number) => Array.from({ length: count }, (_, number) => ({ number, flags }));

describe('a flood', () => {
  it('sends SYN frames from as many forged addresses as it is told to, all to one place', () => {
    const frames = headersOf({ kind: 'flood', perSecond: 1, sources: 50 }, numbers(500, TcpFlag.Syn));
    expect(new Set(frames.map(({ source }) => source)).size).toBe(50);
    expect(new Set(headersOf({ kind: 'flood' }, numbers(500, TcpFlag.Syn)).map(({ source }) => source)).size).toBe(500);
    for (const { etherType, protocol, destination, port, flags } of frames)
      expect([etherType, protocol, destination, port, flags]).toEqual([0x0800, 6, 0x0a00_0001, 443, TcpFlag.Syn]);
  });

  it('reaches the VM at its rate, is answered, and is kept apart from what the VM does otherwise', async () => {
    const { vms, flows, nics, accounts } = await run([{ vm: 'web', kind: 'flood', perSecond: 1000 }]);
    expect(vms.map(({ name, direction }) => `${name} ${direction}`)).toEqual(['web attack']);
    expect(flows[0]).toMatchObject({ sender: 'web-flood', sentFrames: 1001, arrivedFrames: 999 });
    expect(nics[0]?.sentFrames).toBe(999); // a SYN-ACK for each SYN
    expect(accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
  });

  it('of UDP is not answered, unless the VM is said to', async () => {
    const quiet = await run([{ vm: 'web', kind: 'flood', protocol: 'udp', perSecond: 500, frameBytes: 600 }]);
    expect(quiet.nics[0]?.sentFrames).toBe(0);
    const loud = await run([{ vm: 'web', kind: 'flood', protocol: 'udp', perSecond: 500, answerBytes: 1400 }]);
    expect(loud.nics[0]).toMatchObject({ sentFrames: 500, txBps: 500 * 1400 * 8 });
  });

  it('changes its rate and ends as the script says', async () => {
    const { flows } = await run([{ name: 'syn', vm: 'web', kind: 'flood', perSecond: 100, stop: '800ms' }], {
      events: [{ at: '400ms', do: 'sender-rate', sender: 'syn', perSecond: 1000 }],
    });
    // The gap that had begun ends as it would have: 41 frames up to 400 ms, and from 410 ms on one each millisecond.
    expect(flows[0]?.sentFrames).toBe(41 + 391);
  });
});

describe('a scan', () => {
  it('tries one port after the other of every VM, from one address', async () => {
    const frames = headersOf({ kind: 'scan', perSecond: 1, ports: 100 }, numbers(250, TcpFlag.Syn));
    expect(new Set(frames.map(({ source }) => source)).size).toBe(1);
    expect(frames.map(({ port }) => port)).toEqual(Array.from({ length: 250 }, (_, i) => 1 + (i % 100)));
    const { flows, nics } = await run([{ vm: '*', kind: 'scan', perSecond: 1000, ports: 443 }]);
    expect(flows.map(({ vm, sentFrames }) => `${vm} ${sentFrames}`)).toEqual(['web 501', 'db 500']);
    // Each port answers; of the open one the scanner breaks the connection off, which is answered by nothing.
    expect(nics[0]?.sentFrames).toBe(999);
  });
});

describe('clients', () => {
  it('open a connection, have their response, and close it', async () => {
    const { flows, vms, accounts } = await run([
      { vm: 'web', kind: 'clients', perSecond: 200, responseBytes: '4KiB', spacing: 'even', stop: '900ms' },
    ]);
    expect(flows[0]?.connections).toMatchObject({ begun: 181, completed: 181, failed: 0 });
    expect(vms.map(({ name, direction, arrivedFrames }) => `${name} ${direction} ${arrivedFrames}`)).toEqual([
      'web in 181',
    ]);
    // Two round trips of 2 ms, and what the line and the grain of the clock add.
    expect(flows[0]?.connections?.duration.p50Us).toBeLessThan(5000);
    expect(accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
  });

  it('ask again for what is lost, and give up when nothing ever comes', async () => {
    const lossy = { network: { '*': { lossRate: 0.05, inboundLossRate: 0.05 } }, duration: '20s' } as const;
    const sender = { vm: 'web', kind: 'clients', perSecond: 50, stop: '2s' } as const;
    const { flows } = await run([sender], lossy);
    const { begun, completed } = flows[0]?.connections ?? {};
    expect(flows[0]?.retransmits).toBeGreaterThan(0);
    expect(completed).toBe(begun);
    const dead = await run([sender], { ...lossy, network: { '*': { inboundLossRate: 1 } }, duration: '70s' });
    expect(dead.flows[0]?.connections).toMatchObject({ completed: 0, failed: dead.flows[0]?.connections?.begun });
  });

  it('come as a flash crowd: more and more of them, until they are as many as was said', () => {
    const pace = new CrowdPace(1000, undefined, 1e6);
    pace.begin(0);
    const came = [0, 0, 0, 0];
    while (pace.nextUs < 2e6) {
      came[Math.floor(pace.nextUs / 5e5)]++;
      pace.advance();
    }
    expect(came).toEqual([126, 375, 500, 500]);
  });

  it('have an address and a port each, for the whole of their connection', () => {
    const packets = [0, 16, 17, 32].map((number) => ({ number, flags: TcpFlag.Ack }));
    const places = headersOf({ kind: 'clients' }, packets).map(({ source, sourcePort }) => `${source}:${sourcePort}`);
    expect(new Set(places).size).toBe(3);
    expect(places[1]).toBe(places[2]);
  });
});

describe('the scenario', () => {
  const faultsOf = async (sender: object, events: object[] = []) => {
    const wrong = run([{ vm: 'web', name: 's', ...sender } as never], { events });
    return wrong.then(
      () => '',
      (error: { where: string; what: string }) => `${error.where}: ${error.what}`,
    );
  };

  it('needs a rate in what the kind counts', async () => {
    expect(await faultsOf({ kind: 'flood' })).toBe('senders[0].perSecond: "perSecond" is missing');
    expect(await faultsOf({ kind: 'constant', vm: '*', rateBps: 1 })).toContain('there is no VM "*"');
    const flood = { kind: 'flood', perSecond: 1 };
    const rate = { at: 0, do: 'sender-rate', sender: 's', rateBps: 1 };
    expect(await faultsOf(flood, [rate])).toContain('events[0].rateBps: sender-rate has no "rateBps"');
  });
});
