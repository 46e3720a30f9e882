// Run in a process of its own: `node transmit-product.js FRAMES VMS NICS IN_FLIGHT` prints {"nsPerFrame":…,"nsPerFrameMade":…}.
import { BATCH, loopMemory, Producer, ProductLoop } from '../product-loop.ts';
import { type Turns, timeTurns } from '../slices.ts';

const WARM_FRAMES = 2_000_000;
const WARM_TURNS = 30;
const WARM_IN_FLIGHT = 128;
const [frames = 10_000_000, vms = 4, nics = 2, inFlight = 128] = process.argv.slice(2).map(Number);

const handle = loopMemory(vms, nics);
const producer = new Producer(handle);
const loop = new ProductLoop(handle);
let vm = 0;
let nowUs = 0;
function turnsOf(frames: number): Turns {
  /** Sweeps until what is in flight is gone: each serves every VM that has frames once. */
  const sweeps = Math.max(1, frames / (Math.min(vms, frames / BATCH) * BATCH));
  return {
    make(): void {
      for (let made = 0; made < frames; made += BATCH) {
        if (!producer.batch(vm)) throw new Error('a ring is full');
        vm = vm + 1 < vms ? vm + 1 : 0;
      }
    },
    sweep(): void {
      nowUs += 5;
      for (let i = 0; i < sweeps; i++) loop.forwarder.sweep(nowUs);
    },
  };
}
const turns = turnsOf(inFlight);
/** Few enough that no ring fills while a policy that leaves frames waiting has its turn. */
const warmTurns = turnsOf(WARM_IN_FLIGHT);
/** Sweeps on until nothing is left: other policies may leave frames waiting, and other drivers on the NICs. */
function settle(): void {
  for (let i = 0; i < 1000 && (loop.forwarder.hasReady || loop.forwarder.hasQueued || i < 300); i++) {
    nowUs += 100;
    loop.forwarder.sweep(nowUs);
  }
}

for (let turn = WARM_TURNS; turn > 0; turn--) {
  loop.rotate(turn);
  for (let made = 0; made < WARM_FRAMES / WARM_TURNS; made += WARM_IN_FLIGHT) {
    warmTurns.make();
    warmTurns.sweep();
    loop.forwarder.sweep(nowUs);
  }
  settle();
}
loop.rotate(0);
timeTurns(turns, inFlight, WARM_FRAMES);
const before = loop.tally();
const { made, swept: nsPerFrame } = timeTurns(turns, inFlight, frames);
settle();

const { transmitted, sent, dropped } = loop.tally();
if (transmitted !== sent || transmitted + dropped !== producer.accepted || dropped !== before.dropped) {
  throw new Error(`accepted ${producer.accepted} frames, transmitted ${transmitted}, sent ${sent}, dropped ${dropped}`);
}
console.log(JSON.stringify({ nsPerFrame, nsPerFrameMade: made }));
