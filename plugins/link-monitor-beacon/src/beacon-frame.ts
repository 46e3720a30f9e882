import { createHmac, timingSafeEqual } from 'node:crypto';

/** EtherType 2 for local experiments (IEEE 802-2014 §9.2.4). */
export const BEACON_TYPE = 0x88b6;
/** A locally administered group address: switches flood it, and no VM's stack takes it. */
const GROUP = [0x03, 0xfa, 0x1e, 0xad, 0xbe, 0xac];
const FRAME_BYTES = 60;
const VERSION = 1;
/* Places in a frame; what stands before the tag is what the tag is over. */
const VERSION_AT = 14;
const SENDER_AT = 16;
const SENDER_BYTES = 8;
const NIC_AT = 24;
const SEQUENCE_AT = 28;
const TAG_AT = 36;
const TAG_BYTES = 16;

/** What a beacon says: which NIC sent it, and the how manyeth of its team it is. */
export interface Beacon {
  readonly nic: number;
  readonly sequence: number;
}

/**
 * Writes and reads the beacons of one team of one host. Who does not have the key cannot make one (HMAC-SHA-256,
 * RFC 2104, truncated to 128 bits as its §5 allows).
 *
 * ```
 *   0            6         12     14        16       24    26   28         36        52
 *   │ group addr │ the NIC │ type │ version │ sender │ nic │ 0  │ sequence │ tag     │ 0 … 60
 * ```
 */
export class BeaconCodec {
  readonly #key: string;
  readonly #sender: Uint8Array;

  /** `sender`: what tells this team of this host from all others that have the key. */
  constructor(key: string, sender: string) {
    this.#key = key;
    this.#sender = createHmac('sha256', key).update(sender).digest().subarray(0, SENDER_BYTES);
  }

  /** A beacon from a NIC of this address. */
  encode(source: Uint8Array, { nic, sequence }: Beacon): Uint8Array {
    const frame = new Uint8Array(FRAME_BYTES);
    frame.set(GROUP, 0);
    frame.set(source.subarray(0, 6), 6);
    const view = new DataView(frame.buffer);
    view.setUint16(12, BEACON_TYPE);
    frame[VERSION_AT] = VERSION;
    frame.set(this.#sender, SENDER_AT);
    view.setUint16(NIC_AT, nic);
    view.setFloat64(SEQUENCE_AT, sequence);
    frame.set(this.#tag(frame), TAG_AT);
    return frame;
  }

  /** What a frame says when it is a beacon of this very team; undefined when it is anything else. */
  decode(frame: Uint8Array): Beacon | undefined {
    if (frame.length < TAG_AT + TAG_BYTES || frame[VERSION_AT] !== VERSION) return undefined;
    // Cheap before dear: beacons of other teams and hosts are common, forged ones are not.
    if (!this.#sender.every((byte, i) => frame[SENDER_AT + i] === byte)) return undefined;
    if (!timingSafeEqual(frame.subarray(TAG_AT, TAG_AT + TAG_BYTES), this.#tag(frame))) return undefined;
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    return { nic: view.getUint16(NIC_AT), sequence: view.getFloat64(SEQUENCE_AT) };
  }

  #tag(frame: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update(frame.subarray(0, TAG_AT)).digest().subarray(0, TAG_BYTES);
  }
}
