const NOWHERE = -1;

/**
 * When each of so many devices is due: a binary heap over their numbers (Williams 1964) that knows where each stands, so
 * that a time is changed in place. Who is due is found without looking at who is not.
 */
export class DueTimes {
  readonly #dueUs: Float64Array;
  /** Numbers, the earliest first; and the place of each in it, -1 for one that is never due. */
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  #count = 0;

  /** All are due at time 0. */
  constructor(devices: number) {
    this.#dueUs = new Float64Array(devices);
    this.#heap = Int32Array.from({ length: devices }, (_, device) => device);
    this.#place = this.#heap.slice();
    this.#count = devices;
  }

  /** When the earliest is due, in microseconds; Infinity when none ever is. */
  get nextUs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#dueUs[this.#heap[0]];
  }

  /** Sets when a device is due; Infinity: not at all. */
  set(device: number, atUs: number): void {
    const place = this.#place[device];
    if (atUs === Number.POSITIVE_INFINITY) {
      if (place !== NOWHERE) this.#remove(device, place);
      return;
    }
    const before = this.#dueUs[device];
    this.#dueUs[device] = atUs;
    if (place === NOWHERE) this.#up(device, this.#count++);
    else if (atUs < before) this.#up(device, place);
    else if (atUs > before) this.#down(device, place);
  }

  /** Takes off everything that is due by `nowUs` and appends its numbers to `due`, in their order. */
  take(nowUs: number, due: number[]): void {
    const from = due.length;
    while (this.nextUs <= nowUs) {
      const device = this.#heap[0];
      this.#remove(device, 0);
      due.push(device);
    }
    if (due.length - from > 1) due.sort((a, b) => a - b);
  }

  #remove(device: number, place: number): void {
    this.#place[device] = NOWHERE;
    const last = this.#heap[--this.#count];
    if (last === device) return;
    // The last one takes the place that is empty, and goes from there whichever way it must.
    this.#up(last, place);
    this.#down(last, this.#place[last]);
  }

  #up(device: number, from: number): void {
    const atUs = this.#dueUs[device];
    let place = from;
    while (place > 0) {
      const above = this.#heap[(place - 1) >> 1];
      if (this.#dueUs[above] <= atUs) break;
      this.#put(above, place);
      place = (place - 1) >> 1;
    }
    this.#put(device, place);
  }

  #down(device: number, from: number): void {
    const atUs = this.#dueUs[device];
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#count) break;
      if (below + 1 < this.#count && this.#dueUs[this.#heap[below + 1]] < this.#dueUs[this.#heap[below]]) below++;
      const least = this.#heap[below];
      if (this.#dueUs[least] >= atUs) break;
      this.#put(least, place);
      place = below;
    }
    this.#put(device, place);
  }

  #put(device: number, place: number): void {
    this.#heap[place] = device;
    this.#place[device] = place;
  }
}
