import { createRequire } from 'node:module';
import { Tap } from '@fairlead/device-emulator-tap';
import { AfPacket } from '@fairlead/nic-driver-af-packet';
import { FrameBurst, type VnicPort } from '@fairlead/sdk';
import { MemoryLog } from '@fairlead/sdk/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attempt, command } from './support/command.ts';
import { until, within } from './support/deadline.ts';
import { NetworkLab } from './support/namespaces.ts';
import { requireParts } from './support/parts.ts';

const SLOT_BYTES = 2048;

function frame(bytes: number, seed = 0): Uint8Array {
  const header = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5];
  return Uint8Array.from({ length: bytes }, (_, i) => header[i] ?? (i + seed * 31) & 0xff);
}

function burst(): FrameBurst {
  const made = new FrameBurst(new Uint8Array(new SharedArrayBuffer(256 * SLOT_BYTES)), 256, 2046);
  for (let i = 0; i < 256; i++) made.offset[i] = i * SLOT_BYTES + 2;
  return made;
}

/** The host's side of the virtual NIC, as lists. */
function listPort(): VnicPort & { sent: Uint8Array[]; waiting: Uint8Array[] } {
  const pool = burst();
  const port = {
    name: 'vm0.eth0',
    vm: 0,
    macs: [],
    maxFrameBytes: 1514,
    sent: [] as Uint8Array[],
    waiting: [] as Uint8Array[],
    room: () => 256,
    push: (source: Uint8Array, start: number, end: number) => port.sent.push(source.slice(start, end)) > 0,
    refuse: () => undefined,
    flush: () => undefined,
    createBurst: () => pool,
    pull: (into: FrameBurst) => {
      into.count = Math.min(256, port.waiting.length);
      for (let i = 0; i < into.count; i++) {
        into.memory.set(port.waiting[i] as Uint8Array, into.offset[i]);
        into.bytes[i] = (port.waiting[i] as Uint8Array).length;
      }
      return into.count;
    },
    release: (count: number) => void port.waiting.splice(0, count),
  };
  return port;
}

const parts = requireParts('tap', ['root', 'namespaces', 'ip', 'setpriv']);

describe.skipIf(parts.skip)('a tap', () => {
  let lab: NetworkLab;
  let name: string;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    lab = await NetworkLab.open();
    name = lab.name('tap');
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(() => lab?.close());

  async function openTap(port: VnicPort, options: object = {}, log = new MemoryLog()): Promise<Tap> {
    const tap = new Tap({ name, mtuBytes: 1500, up: true, persist: false, ...options }, port, log);
    open.push(tap);
    await tap.open();
    return tap;
  }

  /** The other side: what the kernel sends and receives over the interface. */
  async function openKernelSide(): Promise<AfPacket> {
    const driver = new AfPacket(
      { interface: name, batch: 64, promiscuous: true, qdiscBypass: true, receiveBufferBytes: 1 << 20, speedBps: 0 },
      { index: 0, name, queue: 0, queues: 1, role: 'both', receives: true, shared: new Float64Array(64) },
      new MemoryLog(),
    );
    open.push(driver);
    await driver.open();
    return driver;
  }

  async function show(): Promise<{ mtu: number; address: string; flags: string[] } | undefined> {
    const { status, stdout } = await attempt(['ip', '-j', 'link', 'show', name]);
    return status === 0 ? JSON.parse(stdout)[0] : undefined;
  }

  it('is made with its MTU and MAC, brought up, and gone when closed', async () => {
    const tap = await openTap(listPort(), { mtuBytes: 1400, mac: '52:54:00:00:00:09' });
    const link = await show();
    expect(link).toMatchObject({ mtu: 1400, address: '52:54:00:00:00:09' });
    expect(link?.flags).toContain('UP');
    await tap.close();
    expect(await show()).toBeUndefined();
  });

  it('stays down when told to, and stays when told to, and can be attached to again', async () => {
    const first = await openTap(listPort(), { up: false, persist: true });
    expect((await show())?.flags).not.toContain('UP');
    await first.close();
    expect(await show()).toBeDefined();
    await (await openTap(listPort())).close();
    expect(await show()).toBeUndefined();
  });

  it('carries frames both ways unchanged, and wakes its host for them', async () => {
    const port = listPort();
    const tap = await openTap(port);
    const kernel = await openKernelSide();
    let woken = (): void => undefined;
    tap.attach(() => woken());
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    const wake = new Promise<void>((resolve) => {
      woken = resolve;
    });
    const out = burst();
    const frames = Array.from({ length: 100 }, (_, i) => frame(60 + i, i));
    out.count = frames.length;
    for (const [i, one] of frames.entries()) {
      out.memory.set(one, out.offset[i]);
      out.bytes[i] = one.length;
    }
    expect(kernel.send(out)).toBe(100);
    await within(wake, 20_000, 'wake');
    const ours = (one: Uint8Array): boolean => one[12] === 0x88 && one[13] === 0xb5;
    await until(
      () => tap.poll(0) !== undefined && port.sent.filter(ours).length === 100,
      20_000,
      '100 frames from the tap',
    );
    expect(port.sent.filter(ours)).toEqual(frames);

    port.waiting = [...frames];
    tap.poll(0);
    expect(port.waiting).toEqual([]);
    const into = burst();
    const received: Uint8Array[] = [];
    await until(
      () => {
        const got = kernel.receive(into);
        for (let i = 0; i < got; i++) received.push(into.memory.slice(into.offset[i], into.offset[i] + into.bytes[i]));
        return received.length === 100;
      },
      20_000,
      '100 frames into the tap',
    );
    expect(received).toEqual(frames);
  });

  it('keeps frames while the interface is down', async () => {
    const port = listPort();
    const tap = await openTap(port, { up: false });
    tap.attach(() => undefined);
    port.waiting = [frame(60)];
    expect(tap.poll(0)).toBe(10_000);
    expect(port.waiting.length).toBe(1);
    await lab.setLink({ device: name }, 'up');
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(port.waiting.length).toBe(0);
  });

  it('that is deleted is told once and harms nobody', async () => {
    const log = new MemoryLog();
    const tap = await openTap(listPort(), {}, log);
    const woken = new Promise<void>((resolve) => tap.attach(resolve));
    tap.poll(0);
    await command(['ip', 'link', 'del', name]);
    await within(woken, 20_000, 'wake');
    expect(tap.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(log.entries.map((entry) => entry.message)).toEqual([expect.stringMatching(/was deleted/)]);
  });

  it.each([
    [
      'that another program holds',
      async () => void (await openTap(listPort())),
      () => name,
      /another program holds it/,
    ],
    ['with the name of an interface of another kind', async () => undefined, () => 'lo', /another kind/],
  ])('%s cannot be opened, and the error says what to do', async (_, prepare, which, mend) => {
    await prepare();
    const tap = new Tap({ name: which(), mtuBytes: 1500, up: true, persist: false }, listPort(), new MemoryLog());
    await expect(tap.open()).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DEVICE_OPEN',
      where: 'vnic vm0.eth0',
      mend: expect.stringMatching(mend),
    });
    await tap.close();
  });

  it('cannot be opened without the right to make interfaces, and names the right', async () => {
    const module = createRequire(import.meta.url).resolve('@fairlead/device-emulator-tap');
    const program = `
      const { Tap } = await import(${JSON.stringify(module)});
      const tap = new Tap({ name: ${JSON.stringify(name)}, mtuBytes: 1500, up: true, persist: false },
        { name: 'vm0.eth0', maxFrameBytes: 1514, createBurst() {} }, { info() {}, warn() {} });
      await tap.open().catch((error) => console.log(error.code, error.mend)).finally(() => tap.close());`;
    const argv = [
      'setpriv',
      '--bounding-set',
      '-net_admin',
      process.execPath,
      '--input-type=module',
      '--eval',
      program,
    ];
    const { stdout, stderr } = await attempt(argv, { timeoutMs: 20_000 });
    expect(`${stdout}${stderr}`).toMatch(/FAIRLEAD_ERR_DEVICE_OPEN .*setcap cap_net_admin\+ep/);
  });
});
