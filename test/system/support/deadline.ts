import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for an event that must come within `timeoutMs`.
 * @throws Error naming `what` was waited for, when it does not.
 */
export async function within<T>(event: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([event, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks `probe` again and again until it answers something other than undefined or false. For state that sends no
 * event, such as a kernel counter; anything else is awaited with {@link within}.
 * @throws Error naming `what` was waited for, when `timeoutMs` pass first.
 */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs: number,
  what: string,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() >= end) throw new Error(`no ${what} within ${timeoutMs} ms`);
    await pause(10);
  }
}
