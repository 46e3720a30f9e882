import { MAX_BATCH } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { Delivery } from './delivery.ts';
import type { Observer } from './observer.ts';

const NOBODY = -1;

/**
 * Delivery with detectors beside it. Frames for one VM that follow one another are held until another VM's turn comes, or
 * the sweep ends, and are shown together: before any of them is on the VM's ring, where it may be taken at once, and also
 * those that find it full. In a slice of time that is not shown, each goes onto its ring as without detectors.
 */
export class WatchedDelivery extends Delivery {
  readonly #arena: Arena;
  readonly #observer: Observer;
  readonly #held = new Int32Array(MAX_BATCH);
  #count = 0;
  #vm = NOBODY;

  constructor(arena: Arena, worker: number, observer: Observer) {
    super(arena, worker);
    this.#arena = arena;
    this.#observer = observer;
  }

  protected override push(vm: number, descriptor: number): void {
    const { slices } = this.#observer;
    if (!slices.on && this.#count === 0) {
      slices.passed++;
      super.push(vm, descriptor);
      return;
    }
    if (vm !== this.#vm || this.#count === MAX_BATCH) {
      this.#pass();
      this.#vm = vm;
    }
    this.#arena.vms.rxOfferedFrames[vm]++;
    this.#held[this.#count++] = descriptor;
  }

  /** Shows what is held, and puts it onto its VM's ring. */
  #pass(): void {
    const count = this.#count;
    if (count === 0) return;
    const { slices } = this.#observer;
    slices.passed += count;
    if (slices.on) this.#show(count);
    for (let i = 0; i < count; i++) this.place(this.#vm, this.#held[i]);
    this.#count = 0;
  }

  #show(count: number): void {
    const { pool } = this.#arena;
    const { run, observe } = this.#observer;
    const held = this.#held;
    const { offset, bytes } = run.frames;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const length = held[i] & pool.lengthMask;
      offset[i] = pool.offset(held[i] >>> pool.lengthBits);
      bytes[i] = length;
      total += length;
    }
    run.vm = this.#vm;
    run.direction = 'inbound';
    run.count = count;
    run.bytes = total;
    observe();
  }

  override flush(): void {
    this.#pass();
    super.flush();
  }
}
