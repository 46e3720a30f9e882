// Run in a process of its own: `node sampling.js FRAMES EVERY` prints {"percent":…}.
import { BATCH, loopMemory, Producer, ProductLoop } from '../product-loop.ts';
import { median } from '../rounds.ts';

const VMS = 4;
const NICS = 2;
const WARM_FRAMES = 2_000_000;
/** Long enough that each hook is sampled several times in it. */
const SLICE_FRAMES = 262_144;
const [frames = 30_000_000, every = 8192] = process.argv.slice(2).map(Number);

/** A loop with frames of its own. Both loops are of one process, so that what the machine does meets both alike. */
class Path {
  readonly #producer: Producer;
  readonly #loop: ProductLoop;
  #nowUs = 0;

  constructor(sampleEvery: number) {
    const handle = loopMemory(VMS, NICS);
    this.#producer = new Producer(handle);
    this.#loop = new ProductLoop(handle, sampleEvery);
  }

  /** Processor time of sending so many, in microseconds: what other programs take from the core does not count. */
  send(count: number): number {
    const start = process.cpuUsage().user;
    for (let sent = 0; sent < count; sent += VMS * BATCH) {
      for (let vm = 0; vm < VMS; vm++) if (!this.#producer.batch(vm)) throw new Error('a ring is full');
      this.#nowUs += 5;
      this.#loop.forwarder.sweep(this.#nowUs);
    }
    return process.cpuUsage().user - start;
  }
}

const plain = new Path(0);
const sampled = new Path(every);
for (let sent = 0; sent < WARM_FRAMES; sent += SLICE_FRAMES) {
  plain.send(SLICE_FRAMES);
  sampled.send(SLICE_FRAMES);
}
const ratios: number[] = [];
for (let sent = 0; sent < frames; sent += SLICE_FRAMES) {
  // Each is first as often as the other.
  const first = ratios.length % 2 === 0 ? plain : sampled;
  const one = first.send(SLICE_FRAMES);
  const other = (first === plain ? sampled : plain).send(SLICE_FRAMES);
  ratios.push(first === plain ? other / one : one / other);
}
console.log(JSON.stringify({ percent: (median(ratios) - 1) * 100 }));
