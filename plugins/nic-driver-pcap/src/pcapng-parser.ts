import type { CaptureFile } from './capture-file.ts';
import {
  BYTE_ORDER_MAGIC,
  type CaptureParser,
  ENHANCED_PACKET,
  type FrameRecord,
  INTERFACE_DESCRIPTION,
  LINKTYPE_ETHERNET,
  MAX_CAPTURED_BYTES,
  OPTION_END,
  OPTION_IF_TSOFFSET,
  OPTION_IF_TSRESOL,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from './format.ts';
import { readStamp, type StampUnit, stampUnit } from './stamp.ts';

/** Longest block that is read as a whole: a frame, and room for its options. Blocks that are skipped may be longer. */
const MAX_BLOCK_BYTES = MAX_CAPTURED_BYTES + 65_536;
/** A file may describe this many interfaces in a section; each costs memory. */
const MAX_INTERFACES = 4096;
const MICROSECONDS = 6;

interface CaptureInterface {
  readonly linkType: number;
  /** Longest piece of a frame that was captured, in bytes; 0: whole frames. */
  readonly snapBytes: number;
  readonly stamps: StampUnit;
}

/** True when the file begins as pcapng does. */
export function isPcapng(file: CaptureFile): boolean {
  return file.u32(0) === SECTION_HEADER;
}

/**
 * Frames of a pcapng file (draft-ietf-opsawg-pcapng §3.1 and §4). Every block has the same frame; a section header,
 * which may come again, sets the byte order and forgets the interfaces.
 *
 * ```
 *   type 4 │ total length 4 │ body … │ total length 4
 * ```
 */
export class PcapngParser implements CaptureParser {
  readonly #file: CaptureFile;
  #interfaces: CaptureInterface[] = [];
  /** Length of the block last given, which stays in place until the next one is asked for. */
  #blockBytes = 0;

  constructor(file: CaptureFile) {
    this.#file = file;
  }

  next(record: FrameRecord): boolean {
    const file = this.#file;
    for (;;) {
      file.skip(this.#blockBytes);
      this.#blockBytes = 0;
      if (!file.has(8)) {
        if (file.available === 0) return false;
        throw this.#cutOff();
      }
      const type = file.u32(0);
      if (type === SECTION_HEADER) this.#readByteOrder();
      const total = file.u32(4);
      if (total < 12 || total % 4 !== 0) {
        throw file.damaged(`a block claims a length of ${total}, which no block can have`, file.offset + 4);
      }
      if (
        type === SECTION_HEADER ||
        type === INTERFACE_DESCRIPTION ||
        type === ENHANCED_PACKET ||
        type === SIMPLE_PACKET
      ) {
        this.#hold(total);
        if (type === ENHANCED_PACKET) return this.#readEnhancedPacket(total, record);
        if (type === SIMPLE_PACKET) return this.#readSimplePacket(total, record);
        if (type === SECTION_HEADER) this.#readSectionHeader(total);
        else this.#readInterface(total);
      } else {
        this.#pass(total);
      }
    }
  }

  /** Reads a block as a whole and checks that it ends as it began. */
  #hold(total: number): void {
    const file = this.#file;
    if (total > MAX_BLOCK_BYTES) {
      throw file.damaged(`a block claims ${total} bytes, more than ${MAX_BLOCK_BYTES}`, file.offset + 4);
    }
    if (!file.has(total)) throw this.#cutOff();
    this.#checkTrailer(file.u32(total - 4), total, file.offset + total - 4);
    this.#blockBytes = total;
  }

  /** Passes over a block of another type, of whatever length. */
  #pass(total: number): void {
    const file = this.#file;
    const start = file.offset;
    if (!file.skip(total - 4) || !file.has(4)) throw this.#cutOff(start);
    this.#checkTrailer(file.u32(0), total, file.offset);
    file.skip(4);
  }

  #checkTrailer(trailer: number, total: number, offset: number): void {
    if (trailer === total) return;
    throw this.#file.damaged(`a block of ${total} bytes ends with the length ${trailer}`, offset);
  }

  #cutOff(offset = this.#file.offset): Error {
    return this.#file.cutOff('the last block', offset);
  }

  /* §4.1 */
  #readByteOrder(): void {
    const file = this.#file;
    if (!file.has(12)) throw this.#cutOff();
    for (const littleEndian of [true, false]) {
      file.littleEndian = littleEndian;
      if (file.u32(8) === BYTE_ORDER_MAGIC) return;
    }
    throw file.damaged('a section has no byte-order magic', file.offset + 8);
  }

  #readSectionHeader(total: number): void {
    const file = this.#file;
    this.#checkLength(total, 28, 'section header');
    if (file.u16(12) !== 1) {
      throw file.error(
        `pcapng version ${file.u16(12)}.${file.u16(14)} is not known`,
        file.offset + 12,
        'save it as pcapng 1.0',
      );
    }
    this.#interfaces = [];
  }

  /* §4.2 */
  #readInterface(total: number): void {
    const file = this.#file;
    this.#checkLength(total, 20, 'interface description');
    if (this.#interfaces.length === MAX_INTERFACES) {
      throw file.damaged(`a section describes more than ${MAX_INTERFACES} interfaces`, file.offset);
    }
    let tsresol = MICROSECONDS;
    let offsetSeconds = 0;
    const end = total - 4;
    let at = 16;
    while (at + 4 <= end && file.u16(at) !== OPTION_END) {
      const code = file.u16(at);
      const bytes = file.u16(at + 2);
      if (at + 4 + bytes > end) throw file.damaged('an option reaches beyond its block', file.offset + at);
      if (code === OPTION_IF_TSRESOL && bytes === 1) tsresol = file.bytes[file.at + at + 4];
      if (code === OPTION_IF_TSOFFSET && bytes === 8) offsetSeconds = file.i64(at + 4);
      at += 4 + ((bytes + 3) & ~3);
    }
    this.#interfaces.push({
      linkType: file.u16(8),
      snapBytes: file.u32(12),
      stamps: stampUnit(tsresol, offsetSeconds),
    });
  }

  /* §4.3 */
  #readEnhancedPacket(total: number, record: FrameRecord): boolean {
    const file = this.#file;
    this.#checkLength(total, 32, 'packet');
    const from = this.#interfaceOf(file.u32(8), file.offset + 8);
    const bytes = file.u32(20);
    if (bytes > MAX_CAPTURED_BYTES || 28 + bytes > total - 4) {
      throw file.damaged(`a packet of ${bytes} bytes does not fit its block`, file.offset + 20);
    }
    readStamp(file.u32(12), file.u32(16), from.stamps, record);
    record.at = file.at + 28;
    record.bytes = bytes;
    record.originalBytes = file.u32(24);
    return true;
  }

  /* §4.4: of the first interface, and without a stamp, so that it keeps the time of the packet before. */
  #readSimplePacket(total: number, record: FrameRecord): boolean {
    const file = this.#file;
    this.#checkLength(total, 16, 'simple packet');
    const from = this.#interfaceOf(0, file.offset);
    const originalBytes = file.u32(8);
    const bytes = from.snapBytes === 0 ? originalBytes : Math.min(originalBytes, from.snapBytes);
    if (bytes > MAX_CAPTURED_BYTES || 12 + bytes > total - 4) {
      throw file.damaged(`a packet of ${bytes} bytes does not fit its block`, file.offset + 8);
    }
    record.at = file.at + 12;
    record.bytes = bytes;
    record.originalBytes = originalBytes;
    return true;
  }

  #interfaceOf(number: number, offset: number): CaptureInterface {
    const found = this.#interfaces[number];
    if (found === undefined) throw this.#file.damaged(`interface ${number} is not described before its use`, offset);
    if (found.linkType === LINKTYPE_ETHERNET) return found;
    throw this.#file.error(
      `a frame of interface ${number} has link type ${found.linkType}, not Ethernet (1)`,
      offset,
      'capture on Ethernet interfaces only, or filter the others out',
    );
  }

  #checkLength(total: number, least: number, name: string): void {
    if (total >= least) return;
    throw this.#file.damaged(`a ${name} block has ${total} bytes, of ${least} at least`, this.#file.offset + 4);
  }
}
