import { closeSync, openSync, writeSync } from 'node:fs';

/** A file for the lines of a decision log. */
export class DecisionFile {
  readonly #fd: number;

  /** Makes the file, or empties it. @throws the system's error when it cannot. */
  constructor(path: string) {
    this.#fd = openSync(path, 'w');
  }

  readonly sink = (text: string): void => {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
  };

  close(): void {
    closeSync(this.#fd);
  }
}
