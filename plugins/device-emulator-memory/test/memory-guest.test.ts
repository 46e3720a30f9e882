import { isFairleadError, isPluginDefinition } from '@fairlead/sdk';
import { testRandom } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { MemoryGuest, type TrafficOptions } from '../src/index.ts';
import { FakePort } from './fake-port.ts';

function guest(port: FakePort, keepReceived = 1024): MemoryGuest {
  return new MemoryGuest({ keepReceived }, port, testRandom(1));
}

describe('a simulated guest', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(plugin)).toBe(true);
    expect([plugin.kind, plugin.name]).toEqual(['device-emulator', 'memory']);
  });

  it('puts a frame into the ring and makes it visible at once', () => {
    const port = new FakePort();
    expect(guest(port).send(Uint8Array.of(1, 2, 3))).toBe(true);
    expect(port.flushed).toBe(1);
    expect(port.pushed).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it('says that a full ring has no room and counts the frame as lost in the guest', () => {
    const port = new FakePort({ capacity: 1 });
    const a = guest(port);
    expect([a.send(new Uint8Array(60)), a.send(new Uint8Array(60))]).toEqual([true, false]);
    expect(a.counters).toMatchObject({ offeredFrames: 2, acceptedFrames: 1, lostFrames: 1 });
  });

  it('sends as many of a list as there is room for', () => {
    const port = new FakePort({ capacity: 3 });
    const a = guest(port);
    expect(a.sendAll(Array.from({ length: 5 }, () => new Uint8Array(60)))).toBe(3);
    expect(port.flushed).toBe(3);
    expect(a.counters).toMatchObject({ offeredFrames: 3, acceptedFrames: 3, lostFrames: 0 });
  });

  it('takes every frame it is sent, in order, across several bursts', () => {
    const port = new FakePort();
    const a = guest(port);
    for (let i = 0; i < 150; i++) port.inbound.push(Uint8Array.of(i, 7));
    expect(a.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect(port.inbound).toEqual([]);
    for (let i = 0; i < 150; i++) expect(a.receive()).toEqual(Uint8Array.of(i, 7));
    expect(a.receive()).toBeUndefined();
    expect(a.counters).toMatchObject({ receivedFrames: 150, receivedBytes: 300, unkeptFrames: 0 });
  });

  it('keeps copies that later frames in the same slots do not change', () => {
    const port = new FakePort();
    const a = guest(port);
    port.inbound.push(Uint8Array.of(1));
    a.poll(0);
    port.inbound.push(Uint8Array.of(2));
    a.poll(1);
    expect([a.receive(), a.receive()]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  it('keeps no more than it was told, and counts the rest', () => {
    const port = new FakePort();
    const a = guest(port, 2);
    for (let i = 0; i < 5; i++) port.inbound.push(Uint8Array.of(i));
    a.poll(0);
    expect([a.receive(), a.receive(), a.receive()]).toEqual([Uint8Array.of(0), Uint8Array.of(1), undefined]);
    expect(a.counters).toMatchObject({ receivedFrames: 5, unkeptFrames: 3 });
  });

  it('neither sends nor takes while suspended, and asks to be polled when resumed', () => {
    const port = new FakePort();
    const a = guest(port);
    let wakes = 0;
    a.attach(() => wakes++);
    a.setRunning(false);
    port.inbound.push(Uint8Array.of(1));
    expect(a.poll(0)).toBe(Number.POSITIVE_INFINITY);
    expect([port.inbound.length, a.send(new Uint8Array(60)), a.sendAll([new Uint8Array(60)])]).toEqual([1, false, 0]);
    expect([wakes, port.pushed.length]).toEqual([0, 0]);
    a.setRunning(true);
    expect(wakes).toBe(1);
    a.poll(5);
    expect(a.receive()).toEqual(Uint8Array.of(1));
  });
});

describe('traffic of a simulated guest', () => {
  const base: TrafficOptions = {
    rateBps: 8e6,
    frameBytes: 100,
    pattern: 'constant',
    onUs: 1000,
    offUs: 1000,
    destination: '02:00:00:00:00:01',
    flows: 4,
    waitingFrames: 10,
  };
  const loaded = (port: FakePort, traffic: Partial<TrafficOptions> = {}, seed = 1): MemoryGuest =>
    new MemoryGuest({ keepReceived: 0, traffic: { ...base, ...traffic } }, port, testRandom(seed));

  it('offers a constant rate: a frame of 100 bytes every 100 us at 8 Mbit/s', () => {
    const port = new FakePort({ capacity: 1e6 });
    const a = loaded(port);
    const polls: number[] = [];
    for (let nowUs = 50; nowUs < 450; nowUs = a.poll(nowUs)) polls.push(nowUs);
    expect(polls).toEqual([50, 150, 250, 350]);
    expect(port.flushed).toBe(4);
  });

  it('makes up for a late poll, so the rate holds', () => {
    const port = new FakePort({ capacity: 1e6 });
    const a = loaded(port);
    a.poll(0);
    expect(a.poll(10_050)).toBe(10_100);
    expect(a.counters).toMatchObject({ offeredFrames: 101, acceptedFrames: 101 });
  });

  it('keeps a bounded number of frames while the ring is full, loses the rest, and accounts for each', () => {
    const port = new FakePort({ capacity: 5 });
    const a = loaded(port);
    expect(a.poll(0)).toBe(100);
    expect(a.poll(1950)).toBe(2000);
    expect(a.counters).toMatchObject({ offeredFrames: 20, acceptedFrames: 5, waitingFrames: 10, lostFrames: 5 });
    port.takeAll();
    a.poll(1960);
    expect(a.counters).toMatchObject({ offeredFrames: 20, acceptedFrames: 10, waitingFrames: 5, lostFrames: 5 });
  });

  it('looks again soon when frames wait, also in the silence of on-off', () => {
    const port = new FakePort({ capacity: 1 });
    const a = loaded(port, { pattern: 'on-off', onUs: 200, offUs: 1e6 });
    a.poll(0);
    expect(a.poll(150)).toBe(250);
    port.takeAll();
    expect(a.poll(250)).toBe(1_000_200);
    expect(a.counters).toMatchObject({ offeredFrames: 2, acceptedFrames: 2, waitingFrames: 0 });
  });

  it('is silent between the on times', () => {
    const port = new FakePort({ capacity: 1e6 });
    const a = loaded(port, { pattern: 'on-off', onUs: 300, offUs: 700 });
    const times: number[] = [];
    for (let nowUs = 0; nowUs < 2000; nowUs = a.poll(nowUs)) times.push(nowUs);
    expect(times).toEqual([0, 100, 200, 1000, 1100, 1200]);
  });

  it('has exponential gaps with the mean of the rate under poisson, the same for the same seed', () => {
    const gaps = (seed: number): number[] => {
      const port = new FakePort({ capacity: 1e6 });
      const a = loaded(port, { pattern: 'poisson' }, seed);
      const found: number[] = [];
      for (let nowUs = a.poll(0); found.length < 20_000; ) {
        const next = a.poll(nowUs);
        found.push(next - nowUs);
        nowUs = next;
      }
      return found;
    };
    const found = gaps(3);
    const mean = found.reduce((sum, gap) => sum + gap, 0) / found.length;
    const variance = found.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / found.length;
    expect(mean).toBeGreaterThan(97);
    expect(mean).toBeLessThan(103);
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.97);
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.03);
    expect(gaps(3)).toEqual(found);
    expect(gaps(4)).not.toEqual(found);
  });

  it('does not make up for the time of a suspension', () => {
    const port = new FakePort({ capacity: 1e6 });
    const a = loaded(port);
    a.poll(0);
    a.setRunning(false);
    expect(a.poll(500_000)).toBe(Number.POSITIVE_INFINITY);
    a.setRunning(true);
    expect(a.poll(1_000_000)).toBe(1_000_100);
    expect(a.counters.offeredFrames).toBe(2);
  });

  it('refuses frames that no slot can hold', () => {
    try {
      loaded(new FakePort({ maxFrameBytes: 1522 }), { frameBytes: 9000 });
      expect.unreachable();
    } catch (error) {
      expect(isFairleadError(error) && error.code).toBe('FAIRLEAD_ERR_PLUGIN_OPTIONS');
      expect((error as Error).message).toContain('1522');
    }
  });

  it('refuses a destination that is not a MAC address', () => {
    expect(() => loaded(new FakePort(), { destination: 'here' })).toThrow('FAIRLEAD_ERR_MAC');
  });
});
