import { PACKET_AUXDATA, SOL_PACKET } from './linux.ts';

const HEADER_WORDS = 16;
const VECTOR_WORDS = 4;
const CONTROL_WORDS = 10;
const CONTROL_BYTES = 40;

/* Words within a header and its vector (x86-64 and arm64 alike). */
const VECTOR_ADDRESS = 4;
const VECTOR_COUNT = 6;
const CONTROL_ADDRESS = 8;
const CONTROL_LENGTH = 10;
const MESSAGE_BYTES = 14;

/* Words within a control block: one cmsghdr and one tpacket_auxdata. */
const CMSG_LEVEL = 2;
const CMSG_TYPE = 3;
const AUX_STATUS = 4;
const AUX_VLAN = 8;

/** The tag in `tpacket_auxdata` is that of a frame which had one, and its TPID is given (`linux/if_packet.h`). */
const TP_STATUS_VLAN_VALID = 0x10;
const TP_STATUS_VLAN_TPID_VALID = 0x40;
const TPID_8021Q = 0x8100;

const WORD = 2 ** 32;

/**
 * The array that `sendmmsg` and `recvmmsg` work on, built once; a call only patches addresses and lengths, as 32-bit
 * words (a `BigUint64Array` store allocates, a `DataView` is slow).
 *
 * ```
 *  struct mmsghdr, 64 bytes                                 struct iovec, 16      cmsghdr + tpacket_auxdata, 40
 *  ┌──────┬─────────┬──────┬────────┬─────────┬───────┬─────┐   ┌──────┬────────┐   ┌─────┬───────┬──────┬────────┬─────┐
 *  │ name │ namelen │ iov ─┼─ count │ control │ flags │ len │   │ base │ length │   │ len │ level │ type │ status │ … tci, tpid
 *  0      8         16     24       32..40    48      56       0      8            0     8       12     16       32
 *  × capacity                                               × capacity            × capacity
 * ```
 */
export class MessageBlock {
  readonly capacity: number;
  readonly #words: Int32Array;
  readonly #address: number;
  readonly #vectors: number;
  readonly #controls: number;

  /** `address` gives the address of a buffer; the buffer lives as long as this object. */
  constructor(capacity: number, withControl: boolean, address: (buffer: Uint8Array) => bigint) {
    this.capacity = capacity;
    this.#vectors = capacity * HEADER_WORDS;
    this.#controls = this.#vectors + capacity * VECTOR_WORDS;
    this.#words = new Int32Array(this.#controls + (withControl ? capacity * CONTROL_WORDS : 0));
    this.#address = Number(address(new Uint8Array(this.#words.buffer)));
    for (let i = 0; i < capacity; i++) {
      const header = i * HEADER_WORDS;
      this.#point(header + VECTOR_ADDRESS, this.#address + (this.#vectors + i * VECTOR_WORDS) * 4);
      this.#words[header + VECTOR_COUNT] = 1;
      if (!withControl) continue;
      this.#point(header + CONTROL_ADDRESS, this.#address + (this.#controls + i * CONTROL_WORDS) * 4);
      this.#words[header + CONTROL_LENGTH] = CONTROL_BYTES;
    }
  }

  /** Address of the first message header. */
  get firstAddress(): number {
    return this.#address;
  }

  /** Makes message `i` those `bytes` at `address`. */
  set(i: number, address: number, bytes: number): void {
    const vector = this.#vectors + i * VECTOR_WORDS;
    this.#words[vector] = address | 0;
    this.#words[vector + 1] = (address / WORD) | 0;
    this.#words[vector + 2] = bytes;
  }

  /** Length of received message `i` on the wire, without a tag that the kernel took off. */
  receivedBytes(i: number): number {
    return this.#words[i * HEADER_WORDS + MESSAGE_BYTES];
  }

  /**
   * The VLAN tag that the kernel took off received message `i`: TPID in the upper half, TCI in the lower; 0: none.
   * Gives the room for control data back, which the kernel had shortened to what it used.
   */
  takeVlanTag(i: number): number {
    this.#words[i * HEADER_WORDS + CONTROL_LENGTH] = CONTROL_BYTES;
    const control = this.#controls + i * CONTROL_WORDS;
    const words = this.#words;
    if (words[control + CMSG_LEVEL] !== SOL_PACKET || words[control + CMSG_TYPE] !== PACKET_AUXDATA) return 0;
    const status = words[control + AUX_STATUS];
    if ((status & TP_STATUS_VLAN_VALID) === 0) return 0;
    const tag = words[control + AUX_VLAN];
    const tpid = (status & TP_STATUS_VLAN_TPID_VALID) === 0 ? TPID_8021Q : tag >>> 16;
    return (tpid << 16) | (tag & 0xffff);
  }

  #point(word: number, address: number): void {
    this.#words[word] = address | 0;
    this.#words[word + 1] = (address / WORD) | 0;
  }
}
