import { isFairleadError } from '@fairlead/sdk';
import { CaptureFile } from './capture-file.ts';
import type { CaptureParser, FrameRecord } from './format.ts';
import { isPcap, PcapParser } from './pcap-parser.ts';
import { isPcapng, PcapngParser } from './pcapng-parser.ts';

/** How a capture is read. */
export interface CaptureReaderOptions {
  /** Told of a cut-off end instead of the error; what is whole before it is read. */
  readonly onTruncated?: (message: string) => void;
  /** Bytes read from the file at a time. */
  readonly chunkBytes?: number;
}

/** A frame of a capture, in memory of its own. */
export interface CapturedFrame {
  /** Microseconds since the first frame; below 0 for a frame that was captured before it but stored later. */
  readonly sinceFirstUs: number;
  /** The bytes that were captured. */
  readonly bytes: Uint8Array;
  /** Length on the wire, in bytes; more than `bytes.length` when the capture cut frames. */
  readonly originalBytes: number;
}

/**
 * Reads the frames of a pcap or pcapng file, one after the other, in memory that does not grow with the file. Both
 * byte orders, micro- and nanosecond stamps, several interfaces and sections; Ethernet only.
 *
 * Every fault of the file is a FairleadError `FAIRLEAD_ERR_CAPTURE_FORMAT` that names file, byte offset and mend.
 *
 * @example
 * ```ts
 * import { type CapturedFrame, CaptureReader, type CaptureReaderOptions } from '@fairlead/nic-driver-pcap/capture';
 *
 * const options: CaptureReaderOptions = { onTruncated: (message) => console.error(message) };
 * const line = ({ sinceFirstUs, bytes }: CapturedFrame) => `${sinceFirstUs} us: ${bytes.length} bytes`;
 * const reader = new CaptureReader('traffic.pcapng', options);
 * try {
 *   for (const frame of reader) console.log(line(frame));
 * } finally {
 *   reader.close();
 * }
 * ```
 */
export class CaptureReader implements Iterable<CapturedFrame> {
  readonly #file: CaptureFile;
  readonly #parser: CaptureParser;
  readonly #onTruncated: ((message: string) => void) | undefined;
  readonly #record: FrameRecord = { at: 0, bytes: 0, originalBytes: 0, seconds: 0, nanoseconds: 0 };
  #firstSeconds = Number.NaN;
  #firstNanoseconds = 0;
  #ended = false;

  /** @throws FairleadError `FAIRLEAD_ERR_CAPTURE_FORMAT` when there is no such file or it does not begin as a capture. */
  constructor(path: string, options: CaptureReaderOptions = {}) {
    this.#onTruncated = options.onTruncated;
    this.#file = new CaptureFile(path, options.chunkBytes ?? 262_144);
    try {
      this.#parser = parserOf(this.#file);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Length of the file and how far it was read, in bytes. */
  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  /** Where in the file the next frame begins, in bytes. */
  get offsetBytes(): number {
    return this.#file.offset;
  }

  /** The memory that holds the present frame, at `at`, until the next call of `next`. */
  get memory(): Uint8Array {
    return this.#file.bytes;
  }

  /** Frames read so far. */
  get at(): number {
    return this.#record.at;
  }

  /** Bytes captured of the present frame. */
  get bytes(): number {
    return this.#record.bytes;
  }

  /** Bytes the present frame had on the wire. */
  get originalBytes(): number {
    return this.#record.originalBytes;
  }

  /** Time of the present frame, as seconds since the epoch and nanoseconds within. */
  get seconds(): number {
    return this.#record.seconds;
  }

  /** Nanoseconds behind the full second of the frame that was read last. */
  get nanoseconds(): number {
    return this.#record.nanoseconds;
  }

  /** Microseconds between the first frame and the present one. */
  get sinceFirstUs(): number {
    return (
      (this.#record.seconds - this.#firstSeconds) * 1e6 + (this.#record.nanoseconds - this.#firstNanoseconds) / 1000
    );
  }

  /**
   * Goes on to the next frame. False at the end.
   * @throws FairleadError `FAIRLEAD_ERR_CAPTURE_FORMAT` when the file is damaged or cut off here.
   */
  next(): boolean {
    if (!this.#advance()) return false;
    if (Number.isNaN(this.#firstSeconds)) {
      this.#firstSeconds = this.#record.seconds;
      this.#firstNanoseconds = this.#record.nanoseconds;
    }
    return true;
  }

  *[Symbol.iterator](): IterableIterator<CapturedFrame> {
    while (this.next()) {
      const bytes = this.memory.slice(this.at, this.at + this.bytes);
      yield { sinceFirstUs: this.sinceFirstUs, bytes, originalBytes: this.originalBytes };
    }
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  #advance(): boolean {
    if (this.#ended) return false;
    try {
      if (this.#parser.next(this.#record)) return true;
      this.#ended = true;
      return false;
    } catch (error) {
      this.#ended = true;
      if (this.#onTruncated === undefined || !this.#file.isCutOff || !isFairleadError(error)) throw error;
      this.#onTruncated(error.message);
      return false;
    }
  }
}

function parserOf(file: CaptureFile): CaptureParser {
  if (!file.has(4)) {
    throw file.error(
      file.sizeBytes === 0 ? 'the file is empty' : 'the file is too short for a capture',
      0,
      'give a pcap or pcapng file',
    );
  }
  if (isPcapng(file)) return new PcapngParser(file);
  if (isPcap(file)) return new PcapParser(file);
  file.littleEndian = false;
  const packed = file.u16(0) === 0x1f8b;
  throw file.error(
    packed ? 'the file is compressed' : 'the file begins neither as pcap nor as pcapng does',
    0,
    packed ? 'unpack it with gunzip first' : 'give a pcap or pcapng file',
  );
}
