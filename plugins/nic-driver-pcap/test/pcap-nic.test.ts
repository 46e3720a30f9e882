import { existsSync, readFileSync } from 'node:fs';
import { FrameBurst, isFairleadError, isPluginDefinition, type NicContext } from '@fairlead/sdk';
import { ManualClock, MemoryLog } from '@fairlead/sdk/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { CaptureWriter } from '../src/capture.ts';
import plugin, { PcapNic } from '../src/index.ts';
import { Bytes, fileOf, freshPath, readAll } from './files.ts';

type Options = ConstructorParameters<typeof PcapNic>[0];

const opened: PcapNic[] = [];
afterEach(async () => {
  for (const nic of opened.splice(0)) await nic.close();
});

function make(
  options: Partial<Options>,
  context: Partial<NicContext> = {},
  clock = new ManualClock(),
  log = new MemoryLog(),
): PcapNic {
  const nic = new PcapNic(
    { timing: 'capture', truncated: 'error', format: 'pcap', stamps: 'us', speedBps: 1e9, ...options },
    {
      index: 0,
      name: 'uplink0',
      queue: 0,
      queues: 1,
      role: 'both',
      receives: true,
      shared: new Float64Array(64),
      ...context,
    },
    clock,
    log,
  );
  opened.push(nic);
  return nic;
}

async function open(...given: Parameters<typeof make>): Promise<PcapNic> {
  const nic = make(...given);
  await nic.open();
  return nic;
}

function burst(capacity: number, maxFrameBytes = 1522): FrameBurst {
  const made = new FrameBurst(new Uint8Array(new SharedArrayBuffer(capacity * 2048)), capacity, maxFrameBytes);
  for (let i = 0; i < capacity; i++) made.offset[i] = i * 2048 + 2;
  return made;
}

function receive(nic: PcapNic, nowUs: number, into = burst(64)): number[][] {
  into.nowUs = nowUs;
  return Array.from({ length: nic.receive(into) }, (_, i) => [
    ...into.memory.subarray(into.offset[i], into.offset[i] + into.bytes[i]),
  ]);
}

function send(nic: PcapNic, nowUs: number, ...frames: number[][]): number {
  const out = burst(64);
  out.nowUs = nowUs;
  out.count = frames.length;
  for (const [i, frame] of frames.entries()) {
    out.memory.set(frame, out.offset[i]);
    out.bytes[i] = frame.length;
  }
  return nic.send(out);
}

/** A capture of frames [1], [2], … at the given microseconds. */
function captureAt(...times: number[]): string {
  const path = freshPath();
  const writer = new CaptureWriter(path);
  for (const [i, us] of times.entries()) writer.write(us, Uint8Array.of(i + 1), 0, 1);
  writer.close();
  return path;
}

describe('a NIC that reads a capture', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(plugin)).toBe(true);
    expect([plugin.kind, plugin.name]).toEqual(['nic-driver', 'pcap']);
  });

  it('receives its frames as far apart as they were captured, from the time it was opened', async () => {
    const nic = await open({ read: captureAt(7000, 7010, 7500) }, {}, new ManualClock(100));
    expect(nic.nextEventUs(100)).toBe(100);
    expect(receive(nic, 99)).toEqual([]);
    expect(receive(nic, 100)).toEqual([[1]]);
    expect(nic.nextEventUs(100)).toBe(110);
    expect(receive(nic, 109)).toEqual([]);
    expect(receive(nic, 10_000)).toEqual([[2], [3]]);
    expect(nic.nextEventUs(10_000)).toBe(Number.POSITIVE_INFINITY);
    expect(receive(nic, 20_000)).toEqual([]);
    expect(nic.counters.receivedFrames).toBe(3);
  });

  it('receives them as fast as they are taken when asked to', async () => {
    const nic = await open({ read: captureAt(0, 1e6, 2e6), timing: 'asap' });
    expect(receive(nic, 0, burst(2))).toEqual([[1], [2]]);
    expect(receive(nic, 0, burst(2))).toEqual([[3]]);
  });

  it('gives a frame that was stored late at once', async () => {
    const nic = await open({ read: captureAt(100, 50, 120) });
    expect(receive(nic, 0)).toEqual([[1], [2]]);
    expect(receive(nic, 20)).toEqual([[3]]);
  });

  it('cuts over-long frames to one byte more than fits, and counts those the capture cut', async () => {
    const path = fileOf(new Bytes(true).u32(0xa1b2c3d4).u16(2, 4).u32(0, 0, 0, 1, 0, 0, 5, 9).u8(1, 2, 3, 4, 5).done());
    const nic = await open({ read: path });
    expect(receive(nic, 0, burst(4, 3))).toEqual([[1, 2, 3, 0]]);
    expect(nic.counters).toMatchObject({ receivedFrames: 1, cutFrames: 1 });
  });

  it('does not open for a capture that is not there or of another kind', async () => {
    for (const read of [freshPath(), fileOf([1, 2, 3, 4, 5])]) {
      const error: unknown = await open({ read }).catch((caught: unknown) => caught);
      expect(isFairleadError(error) && error.code).toBe('FAIRLEAD_ERR_CAPTURE_FORMAT');
    }
  });

  it('gives every whole frame of a damaged capture before it throws, once', async () => {
    const bytes = readFileSync(captureAt(0, 0));
    const nic = await open({ read: fileOf(bytes, new Bytes(true).u32(0, 0, 300_000, 1).done()) });
    expect(receive(nic, 0)).toEqual([[1], [2]]);
    expect(nic.nextEventUs(0)).toBe(0);
    expect(() => receive(nic, 0)).toThrow('FAIRLEAD_ERR_CAPTURE_FORMAT');
    expect(receive(nic, 0)).toEqual([]);
    expect(nic.nextEventUs(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('warns of a cut-off end in place of the error when asked to', async () => {
    const bytes = readFileSync(captureAt(0, 0));
    const log = new MemoryLog();
    const nic = await open({ read: fileOf(bytes.subarray(0, -1)), truncated: 'warn' }, {}, new ManualClock(), log);
    expect(receive(nic, 0)).toEqual([[1]]);
    expect(log.entries).toHaveLength(1);
    expect(log.entries[0].message).toContain('cut off');
  });

  it('reads in one instance of several, and in no control instance', async () => {
    const read = captureAt(0);
    expect(receive(await open({ read }, { receives: false }), 0)).toEqual([]);
    expect(receive(await open({ read }, { role: 'control' }), 0)).toEqual([]);
  });
});

describe('a NIC that writes a capture', () => {
  it.each(['pcap', 'pcapng'] as const)(
    'puts what it sends into %s with the time at which each frame began',
    async (format) => {
      const write = freshPath();
      const nic = await open({ write, format, speedBps: 8e6 });
      expect(send(nic, 100, [1, 1], [2, 2, 2], [3])).toBe(1);
      expect(nic.nextEventUs(100)).toBe(102);
      expect(send(nic, 110, [2, 2, 2], [3])).toBe(2);
      await nic.close();
      expect(readAll(write).map((frame) => [frame.sinceFirstUs, ...frame.bytes])).toEqual([
        [0, 1, 1],
        [2, 2, 2, 2],
        [5, 3],
      ]);
      expect(nic.counters).toMatchObject({ sentFrames: 3, sentBytes: 6 });
    },
  );

  it('takes frames no faster than its line, also when it writes nothing', async () => {
    const nic = await open({ speedBps: 8e6 }, { queues: 2 });
    const frames = Array.from({ length: 20 }, () => [...new Uint8Array(10)]);
    expect(send(nic, 0, ...frames)).toBe(1);
    expect(send(nic, 200, ...frames)).toBe(10);
    expect(nic.link()).toEqual({ up: true, speedBps: 8e6 });
  });

  it('gives each queue, and each instance after a replaced one, a file of its own', async () => {
    const write = `${freshPath('out')}.pcap`;
    const shared = new Float64Array(64);
    await open({ write }, { shared, queues: 2 });
    await open({ write }, { shared, queues: 2, queue: 1, receives: false });
    await open({ write }, { shared, queues: 2, queue: 1, receives: false });
    await open({ write }, { shared, role: 'control', receives: false });
    const expected = ['.pcap', '-q1.pcap', '-q1-r1.pcap'].map((end) => write.replace(/\.pcap$/, end));
    expect(expected.map((path) => existsSync(path))).toEqual([true, true, true]);
    expect(existsSync(write.replace(/\.pcap$/, '-r1.pcap'))).toBe(false);
  });

  it('does not open when it cannot write, and says which file', async () => {
    const error: unknown = await open({ write: '/nowhere/out.pcap' }).catch((caught: unknown) => caught);
    expect(isFairleadError(error) && error.code).toBe('FAIRLEAD_ERR_DRIVER_OPEN');
    expect((error as Error).message).toContain('/nowhere/out.pcap');
  });

  it.runIf(existsSync('/dev/full'))(
    'tells a full disk once the frames before it are told (needs /dev/full)',
    async () => {
      const nic = make({ write: '/dev/full', speedBps: 1e15 });
      await nic.open();
      const frames = Array.from({ length: 20 }, () => [...new Uint8Array(1500)]);
      let taken = 0;
      expect(() => {
        for (let nowUs = 0; nowUs < 1000; nowUs++) taken += send(nic, nowUs, ...frames);
      }).toThrow('ENOSPC');
      expect(nic.counters.sentFrames).toBe(taken);
      expect(taken).toBeGreaterThan(0);
      await expect(nic.close()).rejects.toThrow('ENOSPC');
    },
  );

  it('closes also when it was never opened', async () => {
    await expect(make({ write: freshPath() }).close()).resolves.toBeUndefined();
  });
});
