import { createRequire } from 'node:module';
import { AfPacket } from '@fairlead/nic-driver-af-packet';
import { FrameBurst, type NicContext } from '@fairlead/sdk';
import { MemoryLog } from '@fairlead/sdk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attempt, command } from './support/command.ts';
import { until, within } from './support/deadline.ts';
import { NetworkLab } from './support/namespaces.ts';
import { requireParts } from './support/parts.ts';

const SLOTS = 512;
const SLOT_BYTES = 2048;
const HEADER = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5];

/** Frame `seed` of the given length, with the type for local experiments (IEEE 802) unless a header is given. */
function frame(bytes: number, seed = 0, header: readonly number[] = HEADER): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => header[i] ?? (i + seed * 31) & 0xff);
}

function burst(capacity = 256, maxFrameBytes = 2046): FrameBurst {
  const made = new FrameBurst(new Uint8Array(new SharedArrayBuffer(SLOTS * SLOT_BYTES)), capacity, maxFrameBytes);
  for (let i = 0; i < capacity; i++) made.offset[i] = i * SLOT_BYTES + 2;
  return made;
}

function fill(into: FrameBurst, frames: readonly Uint8Array[]): FrameBurst {
  into.count = frames.length;
  into.failed.fill(0);
  for (const [i, one] of frames.entries()) {
    into.memory.set(one, into.offset[i]);
    into.bytes[i] = one.length;
  }
  return into;
}

const parts = requireParts('af-packet', ['root', 'namespaces', 'ip', 'ethtool', 'setpriv']);

describe.skipIf(parts.skip)('af-packet on a cable', () => {
  let lab: NetworkLab;
  let near: string;
  let far: string;
  const drivers: AfPacket[] = [];
  const shared = new Map<string, Float64Array>();

  beforeAll(async () => {
    lab = await NetworkLab.open();
    near = lab.name('near');
    far = lab.name('far');
    await lab.cable({ device: near }, { device: far });
  });
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close();
    shared.clear();
  });
  afterAll(() => lab?.close());

  async function open(name: string, context: Partial<NicContext> = {}, options: object = {}): Promise<AfPacket> {
    const numbers = shared.get(name) ?? new Float64Array(64);
    shared.set(name, numbers);
    const driver = new AfPacket(
      {
        interface: name,
        batch: 64,
        promiscuous: true,
        qdiscBypass: true,
        receiveBufferBytes: 4 << 20,
        speedBps: 0,
        ...options,
      },
      { index: 0, name, queue: 0, queues: 1, role: 'both', receives: true, shared: numbers, ...context },
      new MemoryLog(),
    );
    drivers.push(driver);
    await driver.open();
    return driver;
  }

  /** Receives until `count` frames have come, as copies. */
  async function receive(driver: AfPacket, count: number, maxFrameBytes = 2046): Promise<Uint8Array[]> {
    const into = burst(256, maxFrameBytes);
    const frames: Uint8Array[] = [];
    await until(
      () => {
        const got = driver.receive(into);
        for (let i = 0; i < got; i++) frames.push(into.memory.slice(into.offset[i], into.offset[i] + into.bytes[i]));
        return frames.length >= count;
      },
      20_000,
      `${count} frames`,
    );
    return frames;
  }

  it('carries frames of every length unchanged and in order, from and into shared memory', async () => {
    const [sender, receiver] = [await open(near), await open(far)];
    const frames = Array.from({ length: 1501 }, (_, i) => frame(14 + i, i));
    const received: Uint8Array[] = [];
    for (let at = 0; at < frames.length; at += 200) {
      const part = fill(burst(), frames.slice(at, at + 200));
      expect(sender.send(part)).toBe(part.count);
      expect(part.failed.some((failed) => failed !== 0)).toBe(false);
      received.push(...(await receive(receiver, part.count)));
    }
    expect(received.map((one) => one.length)).toEqual(frames.map((one) => one.length));
    expect(Buffer.compare(Buffer.concat(received), Buffer.concat(frames))).toBe(0);
  });

  it('puts the VLAN tag back that the kernel takes off, also of stacked tags', async () => {
    const [sender, receiver] = [await open(near), await open(far)];
    const tagged = [...HEADER.slice(0, 12), 0x81, 0, 0x60, 0x7b, 0x88, 0xb5];
    const stacked = [...HEADER.slice(0, 12), 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x88, 0xb5];
    const frames = [frame(60, 1), frame(64, 2, tagged), frame(68, 3, stacked), frame(1518, 4, tagged), frame(60, 5)];
    expect(sender.send(fill(burst(), frames))).toBe(5);
    expect(await receive(receiver, 5)).toEqual(frames);
  });

  it('cuts a received frame that is too long for a slot, and says so by its length', async () => {
    const [sender, receiver] = [await open(near), await open(far)];
    const tagged = [...HEADER.slice(0, 12), 0x81, 0, 0, 1, 0x88, 0xb5];
    const sent = [frame(1000), frame(1001), frame(1003, 0, tagged), frame(60)];
    expect(sender.send(fill(burst(), sent))).toBe(4);
    const into = burst(256, 1000);
    into.memory.fill(0xee);
    const lengths: number[] = [];
    const come = (): boolean => lengths.push(...into.bytes.subarray(0, receiver.receive(into))) >= 4;
    await until(come, 20_000, '4 frames');
    expect(lengths).toEqual([1000, 1001, 1001, 60]);
    for (let i = 0; i < 4; i++) {
      expect(into.memory.subarray(into.offset[i] + 1000, into.offset[i] + 1010).every((byte) => byte === 0xee)).toBe(
        true,
      );
    }
  });

  it('marks a frame longer than the MTU as failed and sends the others', async () => {
    const [sender, receiver] = [await open(near), await open(far)];
    const some = fill(burst(), [frame(60, 1), frame(1900, 2), frame(60, 3), frame(1515, 4), frame(60, 5)]);
    expect(sender.send(some)).toBe(5);
    expect(Array.from(some.failed.subarray(0, 5))).toEqual([0, 1, 0, 1, 0]);
    expect(await receive(receiver, 3)).toEqual([frame(60, 1), frame(60, 3), frame(60, 5)]);
  });

  it('does not receive what this host sends over the interface', async () => {
    // Past traffic control no socket of the interface sees a sent frame at all; through it every one would.
    const [sender, other, receiver] = [await open(near, {}, { qdiscBypass: false }), await open(near), await open(far)];
    expect(sender.send(fill(burst(), [frame(60)]))).toBe(1);
    await receive(receiver, 1);
    expect(sender.receive(burst())).toBe(0);
    expect(other.receive(burst())).toBe(0);
  });

  it('receives on the one instance that is told to, and sends on all', async () => {
    const [silent, receiver] = [await open(far, { receives: false, role: 'data' }), await open(far)];
    const sender = await open(near);
    sender.send(fill(burst(), [frame(60)]));
    await receive(receiver, 1);
    expect(silent.receive(burst())).toBe(0);
    expect(silent.send(fill(burst(), [frame(60, 7)]))).toBe(1);
    expect(await receive(sender, 1)).toEqual([frame(60, 7)]);
  });

  it('receives frames for other addresses when promiscuous, and the kernel is told so', async () => {
    await open(far);
    const [link] = JSON.parse(await command(['ip', '-j', '-d', 'link', 'show', far])) as { promiscuity: number }[];
    expect(link?.promiscuity).toBe(1);
  });

  it('reports the carrier and the speed at once, and takes nothing while the far end is down', async () => {
    const [sender, control] = [await open(near, { role: 'data' }), await open(near, { role: 'control' })];
    expect(control.link()).toEqual({ up: true, speedBps: 10e9 });
    await lab.setLink({ device: far }, 'down');
    expect(control.link()).toEqual({ up: false, speedBps: 0 });
    const held = fill(burst(), [frame(60, 1), frame(60, 2)]);
    expect(sender.send(held)).toBe(0);
    expect(Array.from(held.failed.subarray(0, 2))).toEqual([0, 0]);
    await lab.setLink({ device: far }, 'up');
    await until(() => control.link().up, 20_000, 'carrier');
    const receiver = await open(far);
    await until(() => sender.send(held) === 2, 20_000, 'room');
    expect(await receive(receiver, 2)).toEqual([frame(60, 1), frame(60, 2)]);
  });

  it('takes and gives nothing while its own interface is down, and goes on when it is up again', async () => {
    const [sender, receiver] = [await open(near), await open(far)];
    await lab.setLink({ device: near }, 'down');
    expect(sender.link().up).toBe(false);
    expect(sender.send(fill(burst(), [frame(60)]))).toBe(0);
    expect(sender.receive(burst())).toBe(0);
    await lab.setLink({ device: near }, 'up');
    await until(() => sender.link().up, 20_000, 'carrier');
    await until(() => sender.send(fill(burst(), [frame(60, 9)])) === 1, 20_000, 'room');
    expect(await receive(receiver, 1)).toEqual([frame(60, 9)]);
  });

  it('says that traffic control dropped a frame, and passes traffic control by when told to', async () => {
    const [through, past, receiver] = [await open(near, {}, { qdiscBypass: false }), await open(near), await open(far)];
    await command(['tc', 'qdisc', 'replace', 'dev', near, 'root', 'pfifo', 'limit', '0']);
    try {
      const lost = fill(burst(), [frame(60, 1)]);
      expect(through.send(lost)).toBe(1);
      expect(lost.failed[0]).toBe(1);
      expect(past.send(fill(burst(), [frame(60, 2)]))).toBe(1);
      expect(await receive(receiver, 1)).toEqual([frame(60, 2)]);
    } finally {
      await command(['tc', 'qdisc', 'del', 'dev', near, 'root']);
    }
  });

  it('follows an interface that is deleted and made anew under its name', async () => {
    const [sender, control] = [await open(near, { role: 'data' }), await open(near, { role: 'control' })];
    await command(['ip', 'link', 'del', near]);
    expect(control.link().up).toBe(false);
    expect(sender.send(fill(burst(), [frame(60)]))).toBe(0);
    expect(sender.receive(burst())).toBe(0);
    await lab.cable({ device: near }, { device: far });
    await until(() => control.link().up, 20_000, 'carrier');
    const receiver = await open(far);
    await until(() => sender.send(fill(burst(), [frame(60, 4)])) === 1, 20_000, 'room');
    expect(await receive(receiver, 1)).toEqual([frame(60, 4)]);
    receiver.send(fill(burst(), [frame(60, 5)]));
    expect(await receive(sender, 1)).toEqual([frame(60, 5)]);
  });

  it('wakes once when a frame arrives after it was armed, and not when disarmed', async () => {
    const [sender, receiver] = [await open(near), await open(far)];
    let wakes = 0;
    for (let round = 1; round <= 3; round++) {
      const woken = new Promise<void>((resolve) =>
        receiver.arm(() => {
          wakes++;
          resolve();
        }),
      );
      sender.send(fill(burst(), [frame(60)]));
      await within(woken, 20_000, 'wake');
      expect(wakes).toBe(round);
      expect(receiver.receive(burst())).toBe(1);
    }
    const disarm = receiver.arm(() => wakes++);
    disarm();
    sender.send(fill(burst(), [frame(60)]));
    await receive(receiver, 1);
    expect(wakes).toBe(3);
  });

  it('reports the configured speed in place of the device’s', async () => {
    expect((await open(near, { role: 'control' }, { speedBps: 25e9 })).link()).toEqual({ up: true, speedBps: 25e9 });
  });

  it('cannot be opened on an interface that does not exist, and says what to do', async () => {
    await expect(open('fl-none')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DRIVER_OPEN',
      where: 'nic fl-none',
      mend: expect.stringMatching(/ip link/),
    });
  });

  it('cannot be opened without the right to raw sockets, and names the right', async () => {
    const require = createRequire(import.meta.url);
    const program = `
      const { AfPacket } = await import(${JSON.stringify(require.resolve('@fairlead/nic-driver-af-packet'))});
      const options = { interface: 'lo', batch: 64, promiscuous: true, qdiscBypass: true, receiveBufferBytes: 65536, speedBps: 0 };
      const nic = { index: 0, name: 'lo', queue: 0, queues: 1, role: 'both', receives: true, shared: new Float64Array(64) };
      const driver = new AfPacket(options, nic, { info() {}, warn() {} });
      await driver.open().catch((error) => console.log(error.code, error.mend)).finally(() => driver.close());`;
    const { stdout, stderr } = await attempt(
      ['setpriv', '--bounding-set', '-net_raw', process.execPath, '--input-type=module', '--eval', program],
      { timeoutMs: 20_000 },
    );
    expect(`${stdout}${stderr}`).toMatch(/FAIRLEAD_ERR_DRIVER_OPEN .*setcap cap_net_raw\+ep/);
  });
});
