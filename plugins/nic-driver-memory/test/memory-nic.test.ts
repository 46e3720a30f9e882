import { isPluginDefinition } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import plugin, { Segment } from '../src/index.ts';
import { frameOf, testNic } from './support.ts';

describe('the far side of a simulated NIC', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(plugin)).toBe(true);
    expect([plugin.kind, plugin.name]).toEqual(['nic-driver', 'memory']);
  });

  it('gives each transmitted frame once, byte for byte, when it was told to keep them', () => {
    const { nic, offer, clock } = testNic({ keep: true });
    const frames = [60, 61, 62, 63, 1514].map((bytes, i) => frameOf(bytes, i));
    for (const frame of frames) {
      expect(offer(frame)).toBe(1);
      clock.advance(100);
    }
    expect(nic.takeTransmitted()).toEqual(frames);
    expect(nic.takeTransmitted()).toEqual([]);
    expect(nic.counters).toMatchObject({ sentFrames: 5, sentBytes: 60 + 61 + 62 + 63 + 1514 });
  });

  it('shows a frame at the far side after its line time and the latency', () => {
    const { nic, offerBytes } = testNic({ keep: true, latencyUs: 100 });
    offerBytes(1, 1250);
    expect(nic.takeTransmitted(109)).toHaveLength(0);
    expect(nic.takeTransmitted(110)).toHaveLength(1);
  });

  it('keeps nothing unless asked to, and no more than wireFrames', () => {
    const quiet = testNic();
    quiet.offerBytes(1, 60);
    expect(quiet.nic.takeTransmitted()).toEqual([]);
    const { nic, offerBytes, clock } = testNic({ keep: true, wireFrames: 2 });
    for (let i = 0; i < 5; i++) {
      offerBytes(1, 60);
      clock.advance(10);
    }
    expect(nic.takeTransmitted()).toHaveLength(2);
    expect(nic.counters).toMatchObject({ sentFrames: 5, unkeptFrames: 3 });
  });

  it('delivers a frame to the host after the latency, in order', () => {
    const { nic, receive, clock } = testNic({ latencyUs: 50 });
    expect(nic.deliver(frameOf(60, 1))).toBe(true);
    expect(nic.deliver(frameOf(1514, 2))).toBe(true);
    expect(nic.nextEventUs(0)).toBe(50);
    clock.advance(49);
    expect(receive()).toEqual([]);
    clock.advance(1);
    expect(receive(1)).toEqual([frameOf(60, 1)]);
    expect(receive()).toEqual([frameOf(1514, 2)]);
    expect(nic.counters.receivedFrames).toBe(2);
  });

  it('takes frames at any address, also from a buffer that is not word-aligned', () => {
    const { nic, receive } = testNic();
    const odd = new Uint8Array(new ArrayBuffer(100), 1, 70);
    odd.set(frameOf(70, 9));
    nic.deliver(odd);
    expect(receive()).toEqual([frameOf(70, 9)]);
  });

  it('misses what comes when the wire is full, and says so', () => {
    const { nic, receive } = testNic({ wireFrames: 2 });
    expect([1, 2, 3].map((mark) => nic.deliver(frameOf(60, mark)))).toEqual([true, true, false]);
    expect(receive()).toHaveLength(2);
    expect(nic.counters).toMatchObject({ receivedFrames: 2, missedFrames: 1 });
  });

  it('cuts an over-long frame so that the host sees that it is one, within its slot', () => {
    const { nic, receive } = testNic({}, { maxFrameBytes: 100 });
    nic.deliver(frameOf(5000, 1));
    const [frame] = receive();
    expect(frame).toHaveLength(101);
    expect(frame[100]).toBe(0);
  });

  it('passes empty and tiny frames on for the host to count', () => {
    const { nic, receive } = testNic();
    for (const bytes of [0, 1, 13, 0]) nic.deliver(frameOf(bytes, 1));
    expect(receive().map((frame) => frame.length)).toEqual([0, 1, 13, 0]);
  });

  it('misses what arrives while the link is down', () => {
    const { nic, receive } = testNic();
    nic.deliver(frameOf(60, 1));
    nic.setLink(false);
    expect(receive()).toEqual([]);
    nic.setLink(true);
    expect(receive()).toEqual([]);
    expect(nic.counters).toMatchObject({ receivedFrames: 0, missedFrames: 1 });
  });

  it('echoes unicast frames with their MACs exchanged, after both ways, and no broadcast', () => {
    const { offer, receive, clock } = testNic({ echo: true, latencyUs: 20 });
    const frame = frameOf(1250, 3);
    const broadcast = frame.slice();
    broadcast.fill(0xff, 0, 6);
    expect(offer(frame, broadcast)).toBe(1);
    clock.advance(49);
    expect(offer(broadcast)).toBe(1);
    expect(receive()).toEqual([]);
    clock.advance(1);
    const expected = frame.slice();
    expected.set(frame.subarray(6, 12), 0);
    expected.set(frame.subarray(0, 6), 6);
    expect(receive()).toEqual([expected]);
    clock.advance(1000);
    expect(receive()).toEqual([]);
  });

  it('loses frames with the given probability, and accounts for each one', () => {
    const { nic, offerBytes, clock } = testNic({ keep: true, loss: 0.25, wireFrames: 10_000 }, { seed: 7 });
    for (let i = 0; i < 8000; i++) {
      offerBytes(1, 60);
      clock.advance(1);
    }
    const { sentFrames, lostFrames } = nic.counters;
    expect(nic.takeTransmitted().length).toBe(sentFrames - lostFrames);
    expect(lostFrames / sentFrames).toBeGreaterThan(0.23);
    expect(lostFrames / sentFrames).toBeLessThan(0.27);
  });

  it('wakes an armed host once, when a frame is on its way', () => {
    const { nic } = testNic();
    let wakes = 0;
    const disarm = nic.arm(() => wakes++);
    nic.deliver(frameOf(60, 1));
    nic.deliver(frameOf(60, 2));
    expect(wakes).toBe(1);
    disarm();
    nic.arm(() => wakes++);
    nic.deliver(frameOf(60, 3));
    expect(wakes).toBe(2);
    nic.arm(() => wakes++)();
    nic.deliver(frameOf(60, 4));
    expect(wakes).toBe(2);
  });
});

describe('several instances of one NIC', () => {
  it('obey what is set on one of them', () => {
    const shared = new Float64Array(new SharedArrayBuffer(512));
    const control = testNic({ speedBps: 1e8 }, { context: { shared, role: 'control', receives: false } });
    const data = testNic({ speedBps: 1e8 }, { context: { shared, role: 'data' } });
    control.nic.setLink(false);
    expect(data.offerBytes(1, 60)).toBe(0);
    control.nic.setLink(true);
    control.nic.setSpeed(1e6);
    control.nic.setLatency(30);
    expect(data.nic.link()).toEqual({ up: true, speedBps: 1e6 });
    data.nic.deliver(frameOf(60, 1));
    expect(data.nic.nextEventUs(0)).toBe(30);
    control.nic.setLoss(1);
    data.offerBytes(1, 60);
    expect(data.nic.counters.lostFrames).toBe(1);
  });

  it('keep a state that was set before they came, as a replaced worker has to', () => {
    const shared = new Float64Array(64);
    testNic({}, { context: { shared } }).nic.setLink(false);
    expect(testNic({}, { context: { shared } }).nic.link().up).toBe(false);
  });

  it('refuse values that no link has', () => {
    const { nic } = testNic();
    for (const wrong of [
      () => nic.setSpeed(0),
      () => nic.setSpeed(Number.NaN),
      () => nic.setLatency(-1),
      () => nic.setLoss(1.1),
    ]) {
      expect(wrong).toThrow('FAIRLEAD_ERR_PLUGIN_OPTIONS');
    }
    expect(nic.link()).toEqual({ up: true, speedBps: 1e9 });
  });

  it('that do not receive refuse delivery and get no echo', () => {
    const { nic, offerBytes, receive, clock } = testNic({ echo: true }, { context: { receives: false } });
    expect(nic.deliver(frameOf(60, 1))).toBe(false);
    offerBytes(1, 60);
    clock.advance(100);
    expect(receive()).toEqual([]);
  });
});

describe('a segment', () => {
  it('carries what one member sends to all others', () => {
    const cable = new Segment();
    const [a, b, c] = [0, 1, 2].map(() => testNic({ latencyUs: 5 }));
    for (const { nic } of [a, b, c]) nic.join(cable);
    const frame = frameOf(125, 4);
    a.offer(frame);
    for (const { clock } of [a, b, c]) clock.advance(6);
    expect([a.receive(), b.receive(), c.receive()]).toEqual([[], [frame], [frame]]);
  });

  it('is found by name, joined at open and left at close', async () => {
    const a = testNic({ segment: 'lan' });
    const b = testNic({ segment: 'lan' });
    await a.nic.open();
    await b.nic.open();
    expect(Segment.named('lan').size).toBe(2);
    a.offer(frameOf(125, 4));
    b.clock.advance(1);
    expect(b.receive()).toEqual([frameOf(125, 4)]);
    await a.nic.close();
    await b.nic.close();
    expect(Segment.named('lan').size).toBe(0);
  });

  it('is left when another is joined', () => {
    const { nic } = testNic();
    const [first, second] = [new Segment(), new Segment()];
    nic.join(first);
    nic.join(second);
    nic.join(second);
    expect([first.size, second.size]).toEqual([0, 1]);
  });
});
