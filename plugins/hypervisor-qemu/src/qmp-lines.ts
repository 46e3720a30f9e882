const NEWLINE = 0x0a;

/** Gathers lines from a byte stream. A line longer than `maxBytes` is never held. */
export class QmpLines {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that a chunk completes; undefined when one of them is too long, after which nothing is read. */
  take(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      if (this.#held + end - from > this.#maxBytes) return undefined;
      lines.push(Buffer.concat([...this.#pieces, chunk.subarray(from, end)]).toString('utf8'));
      this.#pieces = [];
      this.#held = 0;
      from = end + 1;
    }
    this.#held += chunk.length - from;
    if (this.#held > this.#maxBytes) return undefined;
    if (from < chunk.length) this.#pieces.push(chunk.subarray(from));
    return lines;
  }
}
