import { closeSync, openSync, writeSync } from 'node:fs';
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  LINKTYPE_ETHERNET,
  MAX_CAPTURED_BYTES,
  OPTION_END,
  OPTION_IF_NAME,
  OPTION_IF_TSRESOL,
  PCAP_MAGIC_NS,
  PCAP_MAGIC_US,
  SECTION_HEADER,
} from './format.ts';

/** A format of captures. */
export type CaptureFormat = 'pcap' | 'pcapng';
/** Resolution of the stamps: microseconds or nanoseconds. */
export type StampResolution = 'us' | 'ns';

/** How a capture is written. */
export interface CaptureWriterOptions {
  /** `pcap` when left out. */
  readonly format?: CaptureFormat;
  /** Microsecond stamps when left out. */
  readonly stamps?: StampResolution;
  /** Name of the interface, for pcapng. */
  readonly interfaceName?: string;
}

const BUFFER_BYTES = 2 * MAX_CAPTURED_BYTES;
/** More than either format writes around a frame. */
const AROUND_BYTES = 64;

/**
 * Writes frames to a pcap or pcapng file, little-endian, through a buffer that is flushed when full and at `close`. The
 * same frames at the same times give the same bytes.
 *
 * @example
 * ```ts
 * import { CaptureWriter, type CaptureWriterOptions } from '@fairlead/nic-driver-pcap/capture';
 *
 * const options: CaptureWriterOptions = { stamps: 'ns' };
 * const writer = new CaptureWriter('out.pcap', options);
 * const frame = new Uint8Array(60);
 * writer.write(1000, frame, 0, frame.length); // at 1 ms
 * writer.close();
 * ```
 */
export class CaptureWriter {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #isPcapng: boolean;
  readonly #ticksPerUs: number;
  #at = 0;
  #open = true;

  /** Makes the file, or empties it. @throws the system's error when it cannot. */
  constructor(path: string, options: CaptureWriterOptions = {}) {
    this.#isPcapng = options.format === 'pcapng';
    this.#ticksPerUs = options.stamps === 'ns' ? 1000 : 1;
    this.#fd = openSync(path, 'w');
    if (this.#isPcapng) this.#writeSection(options.interfaceName ?? '');
    else this.#writeHeader();
  }

  /** Writes one frame with the time `nowUs`, in microseconds since the epoch. A frame over 256 KiB is cut. */
  write(nowUs: number, memory: Uint8Array, at: number, bytes: number): void {
    const kept = Math.min(bytes, MAX_CAPTURED_BYTES);
    if (this.#at + kept + AROUND_BYTES > BUFFER_BYTES) this.flush();
    // Whole ticks first: seconds and fraction taken from a fraction of microseconds could disagree.
    const ticks = Math.round(nowUs * this.#ticksPerUs);
    if (this.#isPcapng) this.#writePacket(ticks, memory, at, kept, bytes);
    else this.#writeRecord(ticks, memory, at, kept, bytes);
  }

  /** Hands what is buffered to the file. */
  flush(): void {
    for (let written = 0; written < this.#at; ) {
      written += writeSync(this.#fd, this.#buffer, written, this.#at - written);
    }
    this.#at = 0;
  }

  /** Flushes and closes; more than once does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.flush();
    } finally {
      closeSync(this.#fd);
    }
  }

  /* draft-ietf-opsawg-pcap §4 */
  #writeHeader(): void {
    this.#u32(this.#ticksPerUs === 1000 ? PCAP_MAGIC_NS : PCAP_MAGIC_US);
    this.#u16(2);
    this.#u16(4);
    this.#u32(0);
    this.#u32(0);
    this.#u32(MAX_CAPTURED_BYTES);
    this.#u32(LINKTYPE_ETHERNET);
  }

  /* draft-ietf-opsawg-pcap §5 */
  #writeRecord(ticks: number, memory: Uint8Array, at: number, kept: number, bytes: number): void {
    const perSecond = 1e6 * this.#ticksPerUs;
    const seconds = Math.floor(ticks / perSecond);
    this.#u32(seconds);
    this.#u32(ticks - seconds * perSecond);
    this.#u32(kept);
    this.#u32(bytes);
    this.#frame(memory, at, kept);
  }

  /* draft-ietf-opsawg-pcapng §4.1 and §4.2 */
  #writeSection(interfaceName: string): void {
    this.#u32(SECTION_HEADER);
    this.#u32(28);
    this.#u32(BYTE_ORDER_MAGIC);
    this.#u16(1);
    this.#u16(0);
    // Section length not given: all ones.
    this.#u32(0xffffffff);
    this.#u32(0xffffffff);
    this.#u32(28);

    const name = new TextEncoder().encode(interfaceName).subarray(0, 255);
    const nameOptionBytes = name.length === 0 ? 0 : 4 + padded(name.length);
    const total = 20 + nameOptionBytes + 8 + 4;
    this.#u32(INTERFACE_DESCRIPTION);
    this.#u32(total);
    this.#u16(LINKTYPE_ETHERNET);
    this.#u16(0);
    this.#u32(MAX_CAPTURED_BYTES);
    if (nameOptionBytes > 0) {
      this.#u16(OPTION_IF_NAME);
      this.#u16(name.length);
      this.#frame(name, 0, name.length);
      this.#pad();
    }
    this.#u16(OPTION_IF_TSRESOL);
    this.#u16(1);
    this.#u32(this.#ticksPerUs === 1000 ? 9 : 6);
    this.#u16(OPTION_END);
    this.#u16(0);
    this.#u32(total);
  }

  /* draft-ietf-opsawg-pcapng §4.3 */
  #writePacket(ticks: number, memory: Uint8Array, at: number, kept: number, bytes: number): void {
    const total = 32 + padded(kept);
    this.#u32(ENHANCED_PACKET);
    this.#u32(total);
    this.#u32(0);
    this.#u32(Math.floor(ticks / 4_294_967_296));
    this.#u32(ticks % 4_294_967_296);
    this.#u32(kept);
    this.#u32(bytes);
    this.#frame(memory, at, kept);
    this.#pad();
    this.#u32(total);
  }

  /** By bytes, which makes no view of the frame and so allocates nothing. */
  #frame(memory: Uint8Array, at: number, bytes: number): void {
    const buffer = this.#buffer;
    const to = this.#at;
    for (let i = 0; i < bytes; i++) buffer[to + i] = memory[at + i];
    this.#at = to + bytes;
  }

  /** Zeros up to the next multiple of four; blocks, and so the buffer, begin at one. */
  #pad(): void {
    while ((this.#at & 3) !== 0) this.#buffer[this.#at++] = 0;
  }

  #u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  #u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
