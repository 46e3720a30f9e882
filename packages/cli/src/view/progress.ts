const SHOW_EVERY_MS = 100;

/** A line that says how far a work has come, for people who watch. */
export interface Progress {
  show(part: number, counts: { readonly frames: number }, nowUs: number): void;
  /** Removes the line. */
  clear(): void;
}

/** Progress on a terminal; none where nobody watches. */
export function progressOn(stream: NodeJS.WriteStream): Progress | undefined {
  if (!stream.isTTY) return undefined;
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    show(part, { frames }, nowUs) {
      const nowMs = performance.now();
      if (nowMs - shownMs < SHOW_EVERY_MS) return;
      shownMs = nowMs;
      stream.write(`\r${(part * 100).toFixed(0)}%  ${frames} frames  ${(nowUs / 1e6).toFixed(3)} s\x1b[K`);
    },
    clear: () => void stream.write('\r\x1b[K'),
  };
}
