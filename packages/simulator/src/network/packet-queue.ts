import type { Packet, PacketKind } from '../traffic/packet.ts';

/* Places of a packet in `#numbers`. */
const KIND = 0;
const FLOW = 1;
const NUMBER = 2;
const BYTES = 3;
const SACK_COUNT = 4;
const SACKS = 5;
const FLAGS = 11;
const WIDTH = 12;
const FIRST_SIZE = 32;

/** Packets on their way, in order, each with the time at which it arrives. Grows as it must. */
export class PacketQueue {
  #numbers = new Int32Array(FIRST_SIZE * WIDTH);
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
    const numbers = this.#numbers;
    const at = slot * WIDTH;
    numbers[at + KIND] = packet.kind;
    numbers[at + FLOW] = packet.flow;
    numbers[at + NUMBER] = packet.number;
    numbers[at + BYTES] = packet.bytes;
    numbers[at + FLAGS] = packet.flags;
    numbers[at + SACK_COUNT] = packet.sackCount;
    for (let i = 0; i < 2 * packet.sackCount; i++) numbers[at + SACKS + i] = packet.sacks[i];
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
      this.#swap(this.#numbers, WIDTH, at, before);
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
    const numbers = this.#numbers;
    const at = this.#head * WIDTH;
    packet.kind = numbers[at + KIND] as PacketKind;
    packet.flow = numbers[at + FLOW];
    packet.number = numbers[at + NUMBER];
    packet.bytes = numbers[at + BYTES];
    packet.flags = numbers[at + FLAGS];
    packet.sackCount = numbers[at + SACK_COUNT];
    for (let i = 0; i < 2 * packet.sackCount; i++) packet.sacks[i] = numbers[at + SACKS + i];
    packet.stampUs = this.#times[2 * this.#head];
    this.#head = (this.#head + 1) & (this.#size - 1);
    this.count--;
  }

  /** Adds up the packets of a kind, by flow. */
  tally(kind: PacketKind, byFlow: Int32Array): void {
    for (let i = 0; i < this.count; i++) {
      const at = ((this.#head + i) & (this.#size - 1)) * WIDTH;
      if (this.#numbers[at + KIND] === kind) byFlow[this.#numbers[at + FLOW]]++;
    }
  }

  #grow(): void {
    const numbers = new Int32Array(2 * this.#numbers.length);
    const times = new Float64Array(2 * this.#times.length);
    const behind = this.#size - this.#head;
    numbers.set(this.#numbers.subarray(this.#head * WIDTH));
    numbers.set(this.#numbers.subarray(0, this.#head * WIDTH), behind * WIDTH);
    times.set(this.#times.subarray(2 * this.#head));
    times.set(this.#times.subarray(0, 2 * this.#head), 2 * behind);
    this.#numbers = numbers;
    this.#times = times;
    this.#size *= 2;
    this.#head = 0;
  }
}
