import type { Packet } from '../traffic/packet.ts';
import { PACKET_WORDS, PacketWord, readPacket, writePacket } from '../traffic/packet-words.ts';

/** Place of the host that a packet is for, behind its numbers. */
const TO = PACKET_WORDS;
/** Of both, and one more, so that what is behind them begins at a multiple of eight bytes. */
const WIDTH = PACKET_WORDS + 2;
/** Bytes of a packet: its numbers, its stamp, and when it lands. */
const RECORD_BYTES = WIDTH * 4 + 16;
const HEADER_BYTES = 16;
/** In place of a kind: not a packet, but a VM that was heard from a host. */
const HEARD = -1;
const FIRST_BYTES = 1 << 20;
const MOST_BYTES = 1 << 30;

/**
 * Packets that leave their hosts within one round, in shared memory that grows: written by one thread, and read by all of
 * them behind the barrier.
 * Between them stand notices that a VM has been heard from another host than before.
 */
export class PacketBatch {
  readonly memory: SharedArrayBuffer;
  /* Both grow with the memory. */
  readonly #ints: Int32Array;
  readonly #doubles: Float64Array;

  constructor(memory: SharedArrayBuffer = newBatch()) {
    this.memory = memory;
    this.#ints = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
  }

  get count(): number {
    return this.#ints[0];
  }

  clear(): void {
    this.#ints[0] = 0;
  }

  push(packet: Packet, to: number, landsUs: number): void {
    const at = this.#roomAt(this.count);
    writePacket(this.#ints, at, packet);
    this.#ints[at + TO] = to;
    this.#doubles[(at + WIDTH) >> 1] = packet.stampUs;
    this.#doubles[(at + WIDTH + 2) >> 1] = landsUs;
    this.#ints[0]++;
  }

  /** A VM was heard from a host. */
  pushHeard(vm: number, host: number): void {
    const at = this.#roomAt(this.count);
    this.#ints[at + TO] = host;
    this.#ints[at + PacketWord.kind] = HEARD;
    this.#ints[at + PacketWord.flow] = vm;
    this.#ints[0]++;
  }

  /** The VM that was heard from the host `hostOf`; -1: it is a packet. */
  heardVm(record: number): number {
    const at = (HEADER_BYTES + record * RECORD_BYTES) >> 2;
    return this.#ints[at + PacketWord.kind] === HEARD ? this.#ints[at + PacketWord.flow] : -1;
  }

  #roomAt(record: number): number {
    const end = HEADER_BYTES + (record + 1) * RECORD_BYTES;
    if (end > this.#ints.byteLength) this.memory.grow(2 * this.memory.byteLength);
    return (end - RECORD_BYTES) >> 2;
  }

  /** Reads one packet; returns when it lands. */
  read(record: number, packet: Packet): number {
    const at = (HEADER_BYTES + record * RECORD_BYTES) >> 2;
    readPacket(this.#ints, at, packet);
    packet.stampUs = this.#doubles[(at + WIDTH) >> 1];
    return this.#doubles[(at + WIDTH + 2) >> 1];
  }

  /** The host that a packet is for. */
  hostOf(record: number): number {
    return this.#ints[((HEADER_BYTES + record * RECORD_BYTES) >> 2) + TO];
  }
}

function newBatch(): SharedArrayBuffer {
  return new SharedArrayBuffer(FIRST_BYTES, { maxByteLength: MOST_BYTES });
}
