import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DropReason } from '@fairlead/sdk';
import { MemoryLog } from '@fairlead/sdk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameReader } from '../src/frame-reader.ts';
import definition, { QemuStream } from '../src/index.ts';
import { claim, FakePort, frame, framed } from './fake-port.ts';

let directory: string;
let path: string;
let port: FakePort;
let log: MemoryLog;
let device: QemuStream;
const guests: Socket[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-'));
  path = join(directory, 'vm.sock');
  port = new FakePort();
  log = new MemoryLog();
  device = new QemuStream({ path, backlogBytes: 65_536 }, port, log);
});

afterEach(async () => {
  for (const guest of guests.splice(0)) guest.destroy();
  await device.close();
  rmSync(directory, { recursive: true });
});

async function connectGuest(): Promise<Socket> {
  const guest = connect(path);
  guests.push(guest);
  await once(guest, 'connect');
  return guest;
}

/** Opens the device with a host that polls it whenever it asks. */
async function start(): Promise<void> {
  await device.open();
  device.attach(() => void device.poll(0));
}

/** A port of the guest's own: collects the frames that the guest receives. */
function listen(guest: Socket): FakePort {
  const received = new FakePort();
  const reader = new FrameReader(received);
  guest.on('data', (chunk) => {
    reader.read(chunk, 0);
    received.flush();
  });
  return received;
}

describe('frames from the guest', () => {
  it('go to the port, once flushed for each chunk', async () => {
    await start();
    const guest = await connectGuest();
    const frames = Array.from({ length: 100 }, (_, i) => frame(60 + i, i));
    guest.write(framed(...frames));
    await port.until(() => port.sent.length === 100);
    expect(port.sent).toEqual(frames);
    expect(port.flushes).toBeLessThan(10);
    expect(port.refused).toEqual([]);
  });

  it('that find no room wait in the socket, and none is lost or told twice', async () => {
    await start();
    port.capacity = 10;
    const guest = await connectGuest();
    const frames = Array.from({ length: 3000 }, (_, i) => frame(1000, i));
    const paused = new Promise<void>((resolve) => device.attach(resolve));
    guest.write(framed(...frames));
    await paused;
    expect(port.sent.length).toBe(10);
    while (port.sent.length < 3000) {
      port.capacity += 64;
      device.poll(0);
      await port.until(() => port.sent.length === 3000 || port.room() === 0);
    }
    expect(Buffer.compare(framed(...port.sent), framed(...frames))).toBe(0);
    expect(port.refused).toEqual([]);
  });

  it('that wait are asked about ever less often, and at once again after some went', async () => {
    await start();
    port.capacity = 1;
    const guest = await connectGuest();
    const paused = new Promise<void>((resolve) => device.attach(resolve));
    guest.write(framed(frame(60, 1), frame(60, 2), frame(60, 3)));
    await paused;
    const waits = Array.from({ length: 9 }, () => device.poll(1000) - 1000);
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
    port.capacity = 2;
    expect(device.poll(1000)).toBe(1100);
    port.capacity = 3;
    expect(device.poll(1000)).toBe(Number.POSITIVE_INFINITY);
    expect(port.sent.length).toBe(3);
  });

  it('are counted as malformed when the guest leaves in the middle of one, and the next guest starts afresh', async () => {
    await start();
    const first = await connectGuest();
    first.end(framed(frame(60)).subarray(0, 20));
    await port.until(() => port.refused.length === 1);
    expect(port.refused).toEqual([DropReason.Malformed]);
    const second = await connectGuest();
    second.write(framed(frame(60, 2)));
    await port.until(() => port.sent.length === 1);
    expect(port.sent).toEqual([frame(60, 2)]);
  });
});

describe('a guest that sends a length of 4 GiB', () => {
  it('is counted and cut off, the frames before it kept, and may come again', async () => {
    await start();
    const guest = await connectGuest();
    guest.write(Buffer.concat([framed(frame(60, 1)), claim(0xffffffff), Buffer.alloc(5000)]));
    await once(guest, 'close');
    expect(port.sent).toEqual([frame(60, 1)]);
    expect(port.refused).toEqual([DropReason.Malformed]);
    expect(log.entries.map((entry) => entry.message).join()).toMatch(/a length that no frame has/);
    const again = await connectGuest();
    again.write(framed(frame(60, 2)));
    await port.until(() => port.sent.length === 2);
  });
});

describe('frames for the guest', () => {
  it('that waited before it came are written when it connects, many in one write', async () => {
    await start();
    const frames = Array.from({ length: 200 }, (_, i) => frame(200, i));
    port.waiting = frames;
    const received = listen(await connectGuest());
    await received.until(() => received.sent.length === 200);
    expect(received.sent).toEqual(frames);
    expect(received.flushes).toBeLessThan(20);
  });

  it('stay in the ring while the guest does not read, and all come when it does', async () => {
    await start();
    const guest = await connectGuest();
    guest.pause();
    const frames = Array.from({ length: 4000 }, (_, i) => frame(1500, i));
    port.waiting = frames;
    let nextUs = device.poll(0);
    while (nextUs === 0) nextUs = device.poll(0);
    const left = port.waiting.length;
    expect(nextUs).toBe(Number.POSITIVE_INFINITY);
    expect(left).toBeGreaterThan(3000);
    device.poll(0);
    expect(port.waiting.length).toBe(left);
    const received = listen(guest);
    guest.resume();
    await received.until(() => received.sent.length === 4000);
    expect(Buffer.compare(framed(...received.sent), framed(...frames))).toBe(0);
  });

  it('are left in the ring when no guest is there', async () => {
    await start();
    port.waiting = [frame(60)];
    expect(device.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(port.waiting).toEqual([frame(60)]);
  });

  it('do not keep the thread for ever: a poll stops after some writes and asks to be called again', async () => {
    await start();
    listen(await connectGuest());
    // A ring that never runs dry: a frame for each fill, over and over.
    let pulls = 0;
    port.pull = (burst) => {
      burst.bytes[0] = 60;
      return ++pulls % 2;
    };
    expect(device.poll(5)).toBe(5);
    expect(pulls).toBe(8);
  });
});

describe('the socket', () => {
  it('is there with mode 0600 after open and gone after close', async () => {
    await device.open();
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}~`)).toBe(false);
    await device.close();
    expect(existsSync(path)).toBe(false);
  });

  it('takes one guest at a time: a second is turned away, and may come when the first has left', async () => {
    await start();
    const first = await connectGuest();
    first.write(framed(frame(60, 1)));
    await port.until(() => port.sent.length === 1);
    const second = await connectGuest();
    await once(second, 'close');
    expect(log.entries.map((entry) => entry.message).join()).toMatch(/second guest/);
    first.write(framed(frame(60, 2)));
    await port.until(() => port.sent.length === 2);
    expect(port.refused).toEqual([]);
  });

  it('replaces one that nobody listens on', async () => {
    await device.open();
    const stale = new QemuStream({ path: join(directory, 'stale.sock'), backlogBytes: 65_536 }, port, log);
    const dead = createServer().listen(join(directory, 'dead~'));
    await once(dead, 'listening');
    renameSync(join(directory, 'dead~'), join(directory, 'stale.sock'));
    await new Promise((resolve) => dead.close(resolve));
    expect(lstatSync(join(directory, 'stale.sock')).isSocket()).toBe(true);
    await stale.open();
    await stale.close();
    expect(existsSync(join(directory, 'stale.sock'))).toBe(false);
  });

  it('is not taken from another process that listens there', async () => {
    await device.open();
    const other = new QemuStream({ path, backlogBytes: 65_536 }, port, log);
    await expect(other.open()).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DEVICE_OPEN',
      where: 'vnic vm0.eth0',
      mend: expect.stringMatching(/path of its own/),
    });
    await other.close();
    await connectGuest();
  });

  it('never replaces or deletes what is not a socket', async () => {
    writeFileSync(path, 'mine');
    await expect(device.open()).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DEVICE_OPEN',
      mend: expect.stringMatching(/remove/),
    });
    await device.close();
    expect(lstatSync(path).isFile()).toBe(true);
    rmSync(path);
    device = new QemuStream({ path, backlogBytes: 65_536 }, port, log);
    await device.open();
    rmSync(path);
    writeFileSync(path, 'mine');
    await device.close();
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it.each([
    ['in a directory that does not exist', () => join(directory, 'none', 'vm.sock'), /make its directory/],
    ['longer than the kernel takes', () => join(directory, 'x'.repeat(100)), /shorter/],
  ])('%s cannot be opened, and the error says what to do', async (_, where, mend) => {
    const other = new QemuStream({ path: where(), backlogBytes: 65_536 }, port, log);
    await expect(other.open()).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DEVICE_OPEN',
      mend: expect.stringMatching(mend),
    });
    await other.close();
  });
});

it('is declared as device-emulator qemu-stream', () => {
  expect(definition).toMatchObject({ kind: 'device-emulator', name: 'qemu-stream', apiVersion: 1 });
});

it('hears no more of a guest that it has cut off, whatever was read from its socket before', async () => {
  port.capacity = 1;
  await device.open();
  const guest = await connectGuest();
  // One frame fills the ring, the next one pauses the socket, and what follows, which is no frame, waits in several parts.
  guest.write(Buffer.concat([framed(frame(64)), framed(frame(64))]));
  await expect.poll(() => port.sent.length).toBe(1);
  for (let part = 0; part < 4; part++) {
    guest.write(Buffer.alloc(1000, 0xff));
    for (let turn = 0; turn < 3; turn++) await setImmediate();
  }
  port.capacity = 10;
  // What it had sent and nobody read comes back to it as a reset.
  guest.on('error', () => undefined);
  const closed = new Promise((resolve) => guest.once('close', resolve));
  await expect.poll(() => device.poll(0) >= 0 && log.entries.length > 0).toBe(true);
  await closed;
  expect(log.entries.map(({ message }) => message)).toEqual([
    `closed the connection on ${path}: it sent a length that no frame has`,
  ]);
  expect(port.sent).toHaveLength(2);
});
