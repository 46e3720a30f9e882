/** Frames on their way back, at most; what comes when all are under way is lost. */
const CAPACITY = 256;
/** Longer frames get no answer. */
const SLOT_BYTES = 2048;
/** An Ethernet header begins with destination and source, six bytes each (IEEE 802.3 §3.2.3). */
const ADDRESS_BYTES = 6;
/** The answers that are under way, in the order in which they arrive. All memory is taken at once. */
export class Answers {
    #slots = new Uint8Array(CAPACITY * SLOT_BYTES);
    #bytes = new Int32Array(CAPACITY);
    #dueUs = new Float64Array(CAPACITY);
    #head = 0;
    #count = 0;
    /** When the next answer arrives, in microseconds; Infinity when none is under way. */
    dueUs() {
        return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#dueUs[this.#head];
    }
    /** Puts a copy of a frame with its addresses exchanged on the way. A group address has nobody who answers for it. */
    push(memory, offset, bytes, dueUs) {
        const isGroup = (memory[offset] & 1) === 1;
        if (isGroup || bytes < 2 * ADDRESS_BYTES || bytes > SLOT_BYTES || this.#count === CAPACITY)
            return;
        const place = (this.#head + this.#count) % CAPACITY;
        const slot = place * SLOT_BYTES;
        for (let i = 0; i < bytes; i++)
            this.#slots[slot + i] = memory[offset + i];
        for (let i = 0; i < ADDRESS_BYTES; i++) {
            this.#slots[slot + i] = memory[offset + ADDRESS_BYTES + i];
            this.#slots[slot + ADDRESS_BYTES + i] = memory[offset + i];
        }
        this.#bytes[place] = bytes;
        this.#dueUs[place] = dueUs;
        this.#count++;
    }
    /** Takes the next answer, and returns its length; one that is longer than `maxBytes` is cut one byte behind it. */
    shift(memory, offset, maxBytes) {
        const bytes = this.#bytes[this.#head];
        const slot = this.#head * SLOT_BYTES;
        const kept = Math.min(bytes, maxBytes);
        for (let i = 0; i < kept; i++)
            memory[offset + i] = this.#slots[slot + i];
        this.#head = (this.#head + 1) % CAPACITY;
        this.#count--;
        return Math.min(bytes, maxBytes + 1);
    }
}
