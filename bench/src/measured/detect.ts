// Run in a process of its own: `node detect.js FRAMES [every-frame] [DETECTOR …]` prints {"nsPerFrame":…}: the transmit
// path with these detectors beside it, `all` that come with the project, or none. As transmit-product.ts, but that the
// frames have the headers of IPv4 and TCP, and are of some thousand connections. On the clock of the loop 400,000 pass in
// a second: a busy worker, which shows one slice of time in four unless it is to show every frame.
import { BATCH, loopMemory, Producer, ProductLoop } from '../product-loop.ts';
import { timeTurns } from '../slices.ts';
import { bundledDetectors, Dresser, observerOf } from '../watched.ts';

const VMS = 4;
const NICS = 2;
const WARM_FRAMES = 4_000_000;
const WARM_TURNS = 30;
const FPS = 400_000;
const [frames = '6000000', ...words] = process.argv.slice(2);
const named = words.filter((word) => word !== 'every-frame');
const isSliced = named.length === words.length;
const observe = { everyFrameBelowFps: isSliced ? FPS / 2 : Number.POSITIVE_INFINITY, oneSliceIn: 4, sliceMs: 250 };

const detectors = (await bundledDetectors()).filter(({ name }) => named.includes('all') || named.includes(name));
const missing = named.find((name) => name !== 'all' && !detectors.some((one) => one.name === name));
if (missing !== undefined) throw new Error(`there is no detector ${missing}`);
const handle = loopMemory(VMS, NICS);
const producer = new Producer(handle);
const dresser = new Dresser(handle);
const observer = detectors.length === 0 ? undefined : observerOf(handle, detectors, observe);
const loop = new ProductLoop(handle, 0, observer);
const inFlight = VMS * BATCH;
const sweepUs = (inFlight * 1e6) / FPS;
let nowUs = 0;
const turns = {
  make(): void {
    for (let vm = 0; vm < VMS; vm++) {
      if (!producer.batch(vm)) throw new Error('a ring is full');
      dresser.batch(vm);
    }
  },
  sweep(): void {
    nowUs += sweepUs;
    loop.forwarder.sweep(nowUs);
  },
  get isOther() {
    return observer?.slices.on === true;
  },
};

for (let turn = WARM_TURNS; turn > 0; turn--) {
  loop.rotate(turn);
  for (let made = 0; made < WARM_FRAMES / WARM_TURNS; made += inFlight) {
    turns.make();
    turns.sweep();
    turns.sweep();
  }
  for (let i = 0; i < 300 || loop.forwarder.hasReady || loop.forwarder.hasQueued; i++) turns.sweep();
}
loop.rotate(0);
timeTurns(turns, inFlight, WARM_FRAMES);
const { swept: nsPerFrame } = timeTurns(turns, inFlight, Number(frames));
const { transmitted, dropped } = loop.tally();
if (transmitted + dropped !== producer.accepted) throw new Error('frames were lost');
console.log(JSON.stringify({ nsPerFrame, detectors: detectors.map(({ name }) => name) }));
