import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { FrameClock } from './support/frame-clock.ts';
import { HostProcess } from './support/host-process.ts';
import { requireParts } from './support/parts.ts';
import { quantile } from './support/pings.ts';
import { ethernetFrame, framed, StreamSocket } from './support/stream-socket.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const SENDER = { name: 'sender', mac: '52:54:00:00:00:0a' };
const LATE = { name: 'late', mac: '52:54:00:00:00:0b' };
const DELAY_MS = 50;
const FRAMES = 1_000;
const MOST_SYNS = 20_000;
const [IPV4, TCP, SYN] = [0x0800, 6, 0x02];
const DELAYED = `delay-interrupt ${LATE.name}`;

const parts = requireParts('late frames at the socket of a virtual NIC', ['setpriv']);

describe.skipIf(parts.skip)('delay-interrupt, at the socket of a virtual NIC', () => {
  const directory = temporaryDirectory();
  let host: HostProcess;
  let sender: StreamSocket;
  let clock: FrameClock;
  let sentFrames = 0;

  beforeAll(async () => {
    const path = (name: string): string => join(directory.path, name);
    const device = (name: string) => ({ use: 'qemu-stream', options: { path: path(name) } });
    host = await HostProcess.start({
      nics: [{ name: 'uplink0', driver: { use: 'memory' } }],
      vms: [SENDER, LATE].map(({ name, mac }) => ({ name, mac, device: device(name) })),
      detectors: [{ use: 'syn-flood', options: { floorSyns: 100 }, windowMs: 250 }],
      signals: [
        {
          ...{ on: 'attack', allow: [SENDER.name], ttlMs: '60s', whileSignalled: false, coolDownMs: '60s' },
          responders: [{ use: 'delay-interrupt', options: { delayUs: `${DELAY_MS}ms` } }],
        },
      ],
    });
    sender = await StreamSocket.connect(path(SENDER.name));
    clock = await FrameClock.connect(path(LATE.name));
  });
  afterAll(async () => {
    clock?.leave();
    await sender?.leave();
    await host?.close();
    directory.remove();
  });

  /** How long each of so many frames is under way, in milliseconds. */
  async function latencies(frames = FRAMES): Promise<number[]> {
    const first = sentFrames;
    const sentMs: number[] = [];
    for (let i = 0; i < frames; i++) {
      await pause(1 + (i % 5));
      const frame = ethernetFrame(LATE.mac, SENDER.mac, 60);
      frame.writeUInt32BE(sentFrames++, FrameClock.numberAt);
      sentMs.push(performance.now());
      await sender.send(framed(frame));
    }
    await until(() => clock.numbers.length >= sentFrames, 10_000, `${frames} frames at the virtual NIC`);
    return sentMs.map((atMs, i) => (clock.arrivedMs[first + i] as number) - atMs);
  }

  /** SYNs to the VM that come to nothing, until its chain acts on it. */
  async function flood(): Promise<void> {
    const syn = Buffer.concat([ethernetFrame(LATE.mac, SENDER.mac, 14), Buffer.alloc(46)]);
    syn.writeUInt16BE(IPV4, 12);
    syn.set([0x45, 0, 0, 40], 14); // 40 bytes of IPv4
    syn[23] = TCP;
    syn.set([0x50, SYN], 46);
    const acts = async (): Promise<boolean> => (await host.view()).actions.some((line) => line.startsWith(DELAYED));
    for (let sent = 0; sent < MOST_SYNS && !(sent % 400 === 0 && (await acts())); sent++) {
      syn.writeUInt32BE(0x0a00_0000 + sent, 26);
      await sender.send(framed(syn));
      if (sent % 40 === 0) await pause(20);
    }
    await until(acts, 10_000, 'delay');
  }

  it('is the set one, seen from where QEMU would be, and keeps the order', { timeout: 90_000 }, async () => {
    const before = await latencies();
    await flood();
    await latencies(50); // until the flood has left the ring
    const delayed = await latencies();
    const actions = (await host.view()).actions.filter((line) => line.startsWith(DELAYED));
    expect(actions).toEqual([`${DELAYED}, standing: attack`]);

    const added = (part: number): number => quantile(delayed, part) - quantile(before, part);
    const figures = [0.5, 0.9, 0.99].map((part) => `${added(part).toFixed(2)} ms at ${100 * part}%`).join(', ');
    const without = [0.5, 0.9, 0.99].map((part) => quantile(before, part).toFixed(2)).join(', ');
    process.stdout.write(
      `delay-interrupt of ${DELAY_MS} ms at the socket adds ${figures}; without it ${without} ms; ${FRAMES} frames each\n`,
    );
    expect(Math.min(...delayed)).toBeGreaterThanOrEqual(DELAY_MS);
    expect(added(0.5)).toBeGreaterThan(DELAY_MS - 1);
    expect(added(0.5)).toBeLessThan(DELAY_MS + 1);
    expect(clock.numbers).toEqual(Array.from({ length: sentFrames }, (_, i) => i));
  });
});
