import { describe, expect, it } from 'vitest';
import { Phase, Threads } from '../../src/memory/threads.ts';

const COUNT = 3;
const threadsOf = (): Threads => new Threads(new SharedArrayBuffer((COUNT + 1) * 128), 0, COUNT);

describe('what threads show each other', () => {
  it('are heartbeats and phases, each its own', () => {
    const threads = threadsOf();
    threads.beat(1);
    threads.beat(1);
    threads.beat(2);
    threads.createEnter(1)(Phase.Select, 7);
    expect([0, 1, 2].map((thread) => threads.heartbeat(thread))).toEqual([0, 2, 1]);
    expect(threads.phase(1)).toEqual({ phase: Phase.Select, vm: 7 });
    expect(threads.phase(0)).toEqual({ phase: Phase.Core, vm: 0 });
    expect(threads.deviceThread).toBe(2);
  });

  it('is the set of available NICs, the last one included', () => {
    const threads = threadsOf();
    threads.available = (1 << 31) | 1;
    expect(threads.available >>> 0).toBe(0x8000_0001);
    expect([threads.stopped, threads.pausing]).toEqual([false, false]);
  });

  it('is the word to stop, which also wakes', async () => {
    const threads = threadsOf();
    threads.aboutToSleep(0);
    const asleep = threads.sleep(0, 60_000);
    threads.stop();
    await asleep;
    expect([threads.stopped, threads.isSleeping(0)]).toEqual([true, false]);
  });
});

describe('sleep', () => {
  it('ends when the thread is woken', async () => {
    const threads = threadsOf();
    threads.aboutToSleep(1);
    expect(threads.isSleeping(1)).toBe(true);
    const asleep = threads.sleep(1, 60_000);
    threads.wake(0); // another's
    expect(threads.isSleeping(1)).toBe(true);
    threads.wake(1);
    await asleep;
    expect(threads.isSleeping(1)).toBe(false);
  });

  it('is not begun by a thread that was woken on the way to it', async () => {
    const threads = threadsOf();
    threads.aboutToSleep(1);
    threads.wake(1);
    await threads.sleep(1, 60_000);
    threads.aboutToSleep(1);
    threads.wake(1);
    threads.nap(1, 60_000);
    expect(threads.isSleeping(1)).toBe(false);
  });

  it('ends by itself, blocked or not', async () => {
    const threads = threadsOf();
    threads.aboutToSleep(1);
    await threads.sleep(1, 1);
    threads.aboutToSleep(1);
    threads.nap(1, 1);
    expect(threads.isSleeping(1)).toBe(false);
  });
});

describe('a pause', () => {
  it('is asked for, entered by each worker, and over for all at once', async () => {
    const threads = threadsOf();
    const asked = threads.pauseAll([0, 1]);
    expect(threads.pausing).toBe(true);
    const paused = [threads.pause(0), threads.pause(1)];
    await asked;
    expect([threads.isPaused(0), threads.isPaused(1)]).toEqual([true, true]);
    threads.resumeAll();
    await Promise.all(paused);
    expect([threads.isPaused(0), threads.isPaused(1), threads.pausing]).toEqual([false, false, false]);
  });

  it('wakes a worker that sleeps, so that it can enter', async () => {
    const threads = threadsOf();
    threads.aboutToSleep(0);
    const asleep = threads.sleep(0, 60_000);
    const asked = threads.pauseAll([0]);
    await asleep;
    const paused = threads.pause(0);
    await asked;
    threads.resumeAll();
    await paused;
    expect(threads.isSleeping(0)).toBe(false);
  });

  it('does not wait for ever for a worker that never enters', async () => {
    const threads = threadsOf();
    await threads.pauseAll([1]);
    expect(threads.isPaused(1)).toBe(false);
  });
});
