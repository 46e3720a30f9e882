import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testNic } from './support.ts';

describe('the line of a simulated NIC', () => {
  it('begins one frame at a time: 1250 bytes last 10 us at 1 Gbit/s', () => {
    const { offerBytes, clock } = testNic();
    expect(offerBytes(4, 1250)).toBe(1);
    clock.advance(9);
    expect(offerBytes(3, 1250)).toBe(0);
    clock.advance(1);
    expect(offerBytes(3, 1250)).toBe(1);
  });

  it('stays busy between coarse looks while frames wait', () => {
    const { offerBytes, clock } = testNic();
    expect(offerBytes(100, 1250)).toBe(1);
    clock.advance(100);
    expect(offerBytes(99, 1250)).toBe(10);
    clock.advance(55);
    expect(offerBytes(89, 1250)).toBe(5);
    clock.advance(5);
    expect(offerBytes(84, 1250)).toBe(1);
  });

  it('goes on where it was when it is asked again at the same time', () => {
    const { offerBytes, clock } = testNic();
    offerBytes(256, 1250);
    clock.advance(100);
    expect(offerBytes(4, 1250)).toBe(4);
    expect(offerBytes(256, 1250)).toBe(6);
  });

  it('does not save up the time in which it had nothing to do', () => {
    const { offerBytes, clock } = testNic();
    expect(offerBytes(1, 1250)).toBe(1);
    clock.advance(1e6);
    expect(offerBytes(256, 1250)).toBe(1);
  });

  it('counts the overhead of each frame as line time', () => {
    const { offerBytes, clock } = testNic({ overheadBytes: 24 });
    offerBytes(256, 1226);
    clock.advance(1000);
    expect(offerBytes(256, 1226)).toBe(100);
  });

  it('gives each of two queues half the speed', () => {
    const { offerBytes, clock } = testNic({}, { context: { queue: 1, queues: 2, receives: false } });
    offerBytes(256, 1250);
    clock.advance(1000);
    expect(offerBytes(256, 1250)).toBe(50);
  });

  it('says when it can take the next frame that waits', () => {
    const { nic, offerBytes, clock } = testNic();
    expect(nic.nextEventUs(0)).toBe(Number.POSITIVE_INFINITY);
    offerBytes(2, 1250);
    expect(nic.nextEventUs(0)).toBe(10);
    clock.advance(10);
    offerBytes(1, 1250);
    expect(nic.nextEventUs(10)).toBe(Number.POSITIVE_INFINITY);
  });

  it('forgets frames that the host took elsewhere: it neither saves up their time nor calls for them for ever', () => {
    const { nic, offerBytes, clock } = testNic();
    offerBytes(100, 1250);
    clock.advance(20);
    expect(nic.nextEventUs(20)).toBe(20);
    clock.advance(1e6);
    expect(nic.nextEventUs(clock.nowUs())).toBe(Number.POSITIVE_INFINITY);
    expect(offerBytes(100, 1250)).toBe(1);
  });

  it('takes nothing while the link is down, and starts anew when it comes up', () => {
    const { nic, offerBytes, clock } = testNic();
    offerBytes(10, 1250);
    nic.setLink(false);
    clock.advance(1000);
    expect(offerBytes(9, 1250)).toBe(0);
    expect(nic.nextEventUs(1000)).toBe(Number.POSITIVE_INFINITY);
    nic.setLink(true);
    expect(offerBytes(9, 1250)).toBe(1);
    expect(nic.counters.sentFrames).toBe(2);
  });

  it('carries exactly its speed over a second, however the looks are spaced', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 5, maxLength: 50 }), (steps) => {
        const { nic, offerBytes, clock } = testNic({ speedBps: 1e8 });
        let nowUs = 0;
        offerBytes(256, 125);
        for (const step of steps) {
          nowUs = clock.advance(step);
          offerBytes(256, 125);
        }
        // 125 bytes last 10 us; the frame that begins at nowUs is taken too.
        expect(nic.counters.sentFrames).toBe(Math.floor(nowUs / 10) + 1);
        expect(nic.counters.sentBytes).toBe(nic.counters.sentFrames * 125);
      }),
    );
  });

  it('never exceeds speed times time by more than one frame, for any lengths, gaps and speeds', () => {
    const step = fc.record({
      us: fc.integer({ min: 0, max: 300 }),
      offered: fc.integer({ min: 0, max: 256 }),
      bytes: fc.integer({ min: 60, max: 1522 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1e7, 1e8, 1e9), (steps, speedBps) => {
        const { nic, offerBytes, clock } = testNic({ speedBps });
        for (const { us, offered, bytes } of steps) {
          clock.advance(us);
          offerBytes(offered, bytes);
          expect(nic.counters.sentBytes).toBeLessThanOrEqual((clock.nowUs() * speedBps) / 8e6 + 1522 + 1e-6);
        }
      }),
    );
  });
});
