// Run in a process of its own: `node transmit-fused.js FRAMES VMS NICS IN_FLIGHT` prints {"nsPerFrame":…,"nsPerFrameMade":…}.
import { fusedPath } from '../fused.ts';
import { BATCH, fusedMemory } from '../fused-memory.ts';
import { timeTurns } from '../slices.ts';

const WARM_FRAMES = 2_000_000;
const [frames = 10_000_000, vms = 4, nics = 2, inFlight = 128] = process.argv.slice(2).map(Number);

const path = fusedPath(fusedMemory(vms, nics), vms, nics);
let vm = 0;
let nowUs = 0;
let swept = 0;
const turns = {
  make(): void {
    for (let made = 0; made < inFlight; made += BATCH) {
      path.produce(vm);
      vm = vm + 1 < vms ? vm + 1 : 0;
    }
  },
  sweep(): void {
    nowUs += 5;
    let left = inFlight;
    while (left > 0) left -= path.sweep(nowUs);
    swept += inFlight;
  },
};
timeTurns(turns, inFlight, WARM_FRAMES);
const { made, swept: nsPerFrame } = timeTurns(turns, inFlight, frames);

const { sent, pending, dropped } = path.tally();
if (sent !== swept || pending !== 0 || dropped !== 0) {
  throw new Error(`swept ${swept} frames, sent ${sent}, pending ${pending}, dropped ${dropped}`);
}
console.log(JSON.stringify({ nsPerFrame, nsPerFrameMade: made }));
