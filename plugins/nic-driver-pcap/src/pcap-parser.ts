import type { CaptureFile } from './capture-file.ts';
import {
  type CaptureParser,
  type FrameRecord,
  LINKTYPE_ETHERNET,
  MAX_CAPTURED_BYTES,
  PCAP_HEADER_BYTES,
  PCAP_MAGIC_NS,
  PCAP_MAGIC_US,
  PCAP_RECORD_BYTES,
} from './format.ts';

/** True when the file begins as pcap does; sets its byte order. */
export function isPcap(file: CaptureFile): boolean {
  for (const littleEndian of [true, false]) {
    file.littleEndian = littleEndian;
    const magic = file.u32(0);
    if (magic === PCAP_MAGIC_US || magic === PCAP_MAGIC_NS) return true;
  }
  return false;
}

/**
 * Frames of a pcap file (draft-ietf-opsawg-pcap §4 and §5):
 *
 * ```
 *   header  magic 4 │ major 2 │ minor 2 │ reserved 8 │ snaplen 4 │ link type 4
 *   record  seconds 4 │ fraction 4 │ captured 4 │ original 4 │ data …
 * ```
 */
export class PcapParser implements CaptureParser {
  readonly #file: CaptureFile;
  readonly #nsPerFraction: number;
  /** Length of the record last given, which stays in place until the next one is asked for. */
  #recordBytes = 0;

  constructor(file: CaptureFile) {
    this.#file = file;
    if (!file.has(PCAP_HEADER_BYTES)) throw file.cutOff('the pcap header', 0);
    this.#nsPerFraction = file.u32(0) === PCAP_MAGIC_NS ? 1 : 1000;
    const version = `${file.u16(4)}.${file.u16(6)}`;
    if (version !== '2.4')
      throw file.error(`pcap version ${version} is not known`, 4, 'save the capture as pcap 2.4 or pcapng');
    // The upper half tells of frame check sequences (§4.1); the link type is the lower.
    const linkType = file.u32(20) & 0xffff;
    if (linkType !== LINKTYPE_ETHERNET) {
      throw file.error(
        `the frames have link type ${linkType}, not Ethernet (1)`,
        20,
        'capture on an Ethernet interface',
      );
    }
    file.skip(PCAP_HEADER_BYTES);
  }

  next(record: FrameRecord): boolean {
    const file = this.#file;
    file.skip(this.#recordBytes);
    this.#recordBytes = 0;
    if (!file.has(PCAP_RECORD_BYTES)) {
      if (file.available === 0) return false;
      throw file.cutOff('the last record header', file.offset);
    }
    const bytes = file.u32(8);
    if (bytes > MAX_CAPTURED_BYTES) {
      throw file.damaged(`a record claims ${bytes} bytes, more than ${MAX_CAPTURED_BYTES}`, file.offset + 8);
    }
    if (!file.has(PCAP_RECORD_BYTES + bytes)) throw file.cutOff(`the last record, of ${bytes} bytes,`, file.offset);
    const nanoseconds = file.u32(4) * this.#nsPerFraction;
    record.seconds = file.u32(0) + Math.floor(nanoseconds / 1e9);
    record.nanoseconds = nanoseconds % 1e9;
    record.at = file.at + PCAP_RECORD_BYTES;
    record.bytes = bytes;
    record.originalBytes = file.u32(12);
    this.#recordBytes = PCAP_RECORD_BYTES + bytes;
    return true;
  }
}
