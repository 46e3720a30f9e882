const NEWLINE = 0x0a;

/**
 * Cuts a stream into lines without ever keeping more than `maxBytes` of one. A longer line is reported once and skipped
 * up to its end.
 */
export class LineReader {
  readonly #maxBytes: number;
  readonly #line: (text: string) => void;
  readonly #tooLong: () => void;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #skipping = false;

  constructor(maxBytes: number, line: (text: string) => void, tooLong: () => void) {
    this.#maxBytes = maxBytes;
    this.#line = line;
    this.#tooLong = tooLong;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end));
      if (!this.#skipping) this.#line(Buffer.concat(this.#kept).toString('utf8'));
      this.#forget();
      this.#skipping = false;
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  #keep(part: Buffer): void {
    if (this.#skipping) return;
    this.#keptBytes += part.length;
    if (this.#keptBytes <= this.#maxBytes) {
      this.#kept.push(part);
      return;
    }
    this.#skipping = true;
    this.#forget();
    this.#tooLong();
  }

  #forget(): void {
    this.#kept = [];
    this.#keptBytes = 0;
  }
}
