import { setTimeout as pause } from 'node:timers/promises';

/** Resolves as soon as the condition holds, looked at every millisecond; rejects when it does not in time. */
export async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await pause(1);
  }
}
