/* What the formats have in common, and their constants: draft-ietf-opsawg-pcap §4, draft-ietf-opsawg-pcapng §4. */

/** Longest frame in a capture, in bytes. It is what tcpdump and Wireshark allow; a longer claim is taken for damage. */
export const MAX_CAPTURED_BYTES = 262_144;

/** Link type of Ethernet (draft-ietf-opsawg-pcaplinktype). */
export const LINKTYPE_ETHERNET = 1;

/** Magic numbers of pcap, as a reader of the file's own byte order sees them. */
export const PCAP_MAGIC_US = 0xa1b2c3d4;
export const PCAP_MAGIC_NS = 0xa1b23c4d;
export const PCAP_HEADER_BYTES = 24;
export const PCAP_RECORD_BYTES = 16;

/** Block types and the byte-order magic of pcapng. */
export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
export const SIMPLE_PACKET = 3;
export const ENHANCED_PACKET = 6;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Options of an interface description block. */
export const OPTION_END = 0;
export const OPTION_IF_NAME = 2;
export const OPTION_IF_TSRESOL = 9;
export const OPTION_IF_TSOFFSET = 14;

/** One frame as a format finds it; the reader uses one object for all. */
export interface FrameRecord {
  /** Where its first byte is in `CaptureFile.bytes`. */
  at: number;
  /** Bytes captured. */
  bytes: number;
  /** Bytes it had on the wire. */
  originalBytes: number;
  /** Time of capture: seconds since the epoch and nanoseconds within. */
  seconds: number;
  nanoseconds: number;
}

/** How the frames of a file follow each other. */
export interface CaptureParser {
  /** Goes on to the next frame. False at the end of the file. */
  next(record: FrameRecord): boolean;
}
