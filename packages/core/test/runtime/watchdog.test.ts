import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { Watchdog } from '../../src/runtime/watchdog.ts';
import { filledArena } from '../given/arena.ts';

const STALL_MS = 100;

function given() {
  const arena = new Arena(filledArena({ workers: 2 }), 2);
  const stalled: number[] = [];
  const watchdog = new Watchdog(arena, STALL_MS, (worker) => stalled.push(worker));
  /** Looks `times` times, 20 ms apart; `alive` gives signs of life in between. */
  const look = (times: number, ...alive: number[]): void => {
    for (let i = 0; i < times; i++) {
      for (const worker of alive) arena.threads.beat(worker);
      watchdog.check(20);
    }
  };
  return { arena, stalled, watchdog, look };
}

describe('the watchdog', () => {
  it('reports a worker that gives no sign of life for the set time, once, and no other', () => {
    const { stalled, look } = given();
    look(1, 0, 1);
    look(4, 1);
    expect(stalled).toEqual([]);
    look(1, 1);
    expect(stalled).toEqual([0]);
    look(50, 1);
    expect(stalled).toEqual([0]);
  });

  it('takes one sign of life for enough to begin anew', () => {
    const { stalled, look } = given();
    for (let round = 0; round < 5; round++) {
      look(4, 1);
      look(1, 0, 1);
    }
    expect(stalled).toEqual([]);
  });

  it('lets a worker sleep, and one that holds still', async () => {
    const { arena, stalled, look } = given();
    arena.threads.aboutToSleep(0);
    const still = [arena.threads.pauseAll([1]), arena.threads.pause(1)];
    look(50);
    expect(stalled).toEqual([]);
    arena.threads.awake(0);
    look(5);
    expect(stalled).toEqual([0]);
    arena.threads.resumeAll();
    await Promise.all(still);
  });

  it('does not hold the silence of a worker against the one that took its place', () => {
    const { stalled, watchdog, look } = given();
    look(5, 1);
    watchdog.forget(0);
    look(4, 1);
    expect(stalled).toEqual([0]);
    look(1, 1);
    expect(stalled).toEqual([0, 0]);
  });
});
