import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FairleadError } from '@fairlead/sdk';

/**
 * A capture file read in chunks. At any time `bytes[at]` onwards holds what `has` asked for; memory is bounded by the
 * chunk or by the longest piece asked for, never by what the file claims.
 */
export class CaptureFile {
  readonly path: string;
  readonly sizeBytes: number;
  bytes: Uint8Array;
  at = 0;
  littleEndian = true;
  /** Whether the end of the file was found to be missing. */
  isCutOff = false;
  #view: DataView;
  #fd: number | undefined;
  #end = 0;
  /** File offset of `bytes[0]`. */
  #base = 0;

  /** @throws FairleadError `FAIRLEAD_ERR_CAPTURE_FORMAT` when the file cannot be opened. */
  constructor(path: string, chunkBytes: number) {
    this.path = path;
    this.bytes = new Uint8Array(chunkBytes);
    this.#view = new DataView(this.bytes.buffer);
    try {
      this.#fd = openSync(path, 'r');
      this.sizeBytes = fstatSync(this.#fd).size;
    } catch (cause) {
      this.close();
      throw unreadable(path, cause);
    }
  }

  /** Offset in the file of `bytes[at]`. */
  get offset(): number {
    return this.#base + this.at;
  }

  /** Bytes that are left of the file behind `at`, as far as they have been read. */
  get available(): number {
    return this.#end - this.at;
  }

  u16(delta: number): number {
    return this.#view.getUint16(this.at + delta, this.littleEndian);
  }

  u32(delta: number): number {
    return this.#view.getUint32(this.at + delta, this.littleEndian);
  }

  i64(delta: number): number {
    return Number(this.#view.getBigInt64(this.at + delta, this.littleEndian));
  }

  /** Makes `count` bytes available behind `at`. False when the file ends before. Moves `bytes`, so places in it are void. */
  has(count: number): boolean {
    if (this.available >= count) return true;
    if (count > this.bytes.length) this.#grow(count);
    else this.bytes.copyWithin(0, this.at, this.#end);
    this.#base += this.at;
    this.#end -= this.at;
    this.at = 0;
    while (this.#end < count) {
      const read = this.#read();
      if (read === 0) return false;
      this.#end += read;
    }
    return true;
  }

  /** Passes over `count` bytes, however many. False when the file ends before. */
  skip(count: number): boolean {
    let left = count;
    while (left > this.available) {
      left -= this.available;
      this.at = this.#end;
      if (!this.has(1)) return false;
    }
    this.at += left;
    return true;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** An error about the file at an offset. */
  error(what: string, offset: number, mend: string): FairleadError {
    return new FairleadError('FAIRLEAD_ERR_CAPTURE_FORMAT', what, { where: `${this.path}, byte ${offset}`, mend });
  }

  /** An error for a file that ends too early. */
  cutOff(what: string, offset: number): FairleadError {
    this.isCutOff = true;
    return this.error(
      `${what} is cut off`,
      offset,
      'get the whole file, or have its end left out with truncated: warn',
    );
  }

  /** An error for a file whose contents contradict themselves. */
  damaged(what: string, offset: number): FairleadError {
    return this.error(what, offset, 'the file is damaged here: capture or copy it anew');
  }

  #grow(count: number): void {
    const larger = new Uint8Array(Math.max(count, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(this.at, this.#end));
    this.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  #read(): number {
    if (this.#fd === undefined) return 0;
    try {
      return readSync(this.#fd, this.bytes, this.#end, this.bytes.length - this.#end, null);
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
  }
}

function unreadable(path: string, cause: unknown): FairleadError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FairleadError('FAIRLEAD_ERR_CAPTURE_FORMAT', `the capture cannot be read: ${reason}`, {
    where: path,
    mend: 'check the path and its permissions',
    cause,
  });
}
