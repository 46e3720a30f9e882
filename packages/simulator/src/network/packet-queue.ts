import type { Packet, PacketKind } from '../traffic/packet.ts';
import { PACKET_WORDS, PacketWord, readPacket, writePacket } from '../traffic/packet-words.ts';

const FIRST_SIZE = 32;

/** Packets on their way, in order, each with the time at which it arrives. Grows as it must. */
export class PacketQueue {
  #numbers = new Int32Array(FIRST_SIZE * PACKET_WORDS);
  /** Stamp and time of arrival. */
  #times = new Float64Array(FIRST_SIZE * 2);
  #size = FIRST_SIZE;
  #head = 0;
  count = 0;

  /** When the first packet arrives, in microseconds; Infinity when none is on its way. */
  get dueUs(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.#times[2 * this.#head + 1];
  }

  push(packet: Packet, dueUs: number): void {
    if (this.count === this.#size) this.#grow();
    const slot = (this.#head + this.count++) & (this.#size - 1);
    writePacket(this.#numbers, slot * PACKET_WORDS, packet);
    this.#times[2 * slot] = packet.stampUs;
    this.#times[2 * slot + 1] = dueUs;
  }

  /** Like `push`, for one that may arrive before others that are there: it stands behind those of its time. */
  insert(packet: Packet, dueUs: number): void {
    this.push(packet, dueUs);
    const mask = this.#size - 1;
    for (let i = this.count - 1; i > 0; i--) {
      const at = (this.#head + i) & mask;
      const before = (at - 1) & mask;
      if (this.#times[2 * before + 1] <= dueUs) break;
      this.#swap(this.#numbers, PACKET_WORDS, at, before);
      this.#swap(this.#times, 2, at, before);
    }
  }

  #swap(table: Int32Array | Float64Array, width: number, a: number, b: number): void {
    for (let i = 0; i < width; i++) {
      const kept = table[a * width + i];
      table[a * width + i] = table[b * width + i];
      table[b * width + i] = kept;
    }
  }

  /** Takes the first packet off, into `packet`. */
  shift(packet: Packet): void {
    readPacket(this.#numbers, this.#head * PACKET_WORDS, packet);
    packet.stampUs = this.#times[2 * this.#head];
    this.#head = (this.#head + 1) & (this.#size - 1);
    this.count--;
  }

  /** Adds up the packets of a kind, by flow. */
  tally(kind: PacketKind, byFlow: Int32Array): void {
    for (let i = 0; i < this.count; i++) {
      const at = ((this.#head + i) & (this.#size - 1)) * PACKET_WORDS;
      if (this.#numbers[at + PacketWord.kind] === kind) byFlow[this.#numbers[at + PacketWord.flow]]++;
    }
  }

  #grow(): void {
    const numbers = new Int32Array(2 * this.#numbers.length);
    const times = new Float64Array(2 * this.#times.length);
    const behind = this.#size - this.#head;
    numbers.set(this.#numbers.subarray(this.#head * PACKET_WORDS));
    numbers.set(this.#numbers.subarray(0, this.#head * PACKET_WORDS), behind * PACKET_WORDS);
    times.set(this.#times.subarray(2 * this.#head));
    times.set(this.#times.subarray(0, 2 * this.#head), 2 * behind);
    this.#numbers = numbers;
    this.#times = times;
    this.#size *= 2;
    this.#head = 0;
  }
}
