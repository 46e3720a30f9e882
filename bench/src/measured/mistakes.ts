// Run in a process of its own: `node mistakes.js NAME BATCHES` prints {"nsPerFrame":…} for one kernel of ../mistakes.ts,
// the median over slices of 512 batches of 32 frames for 64 VMs over 4 NICs, once it has been compiled.
import { testBatch, testNics } from '@fairlead/sdk/testing';
import { KERNELS } from '../mistakes.ts';
import { median } from '../rounds.ts';

const FRAMES = 32;
const SLICE_BATCHES = 512;
const VMS = 64;

const [name = '', batches = '0'] = process.argv.slice(2);
const make = KERNELS[name];
if (make === undefined)
  throw new Error(`usage: mistakes.js NAME BATCHES, a name of: ${Object.keys(KERNELS).join(', ')}`);

const nics = testNics([1e9, 1e9, 10e9, 10e9]);
const kernel = make(nics);
const lengths = Array.from({ length: FRAMES }, (_, i) => (i % 3 === 0 ? 1514 : 64 + 8 * i));
const batch = testBatch(lengths);

let vm = 0;
function slice(): number {
  const startMs = performance.now();
  for (let i = 0; i < SLICE_BATCHES; i++) {
    vm = (vm + 1) % VMS;
    nics.pendingBytes[vm & 3] = vm * 100;
    batch.begin(vm, FRAMES, i, FRAMES);
    kernel(batch);
  }
  return ((performance.now() - startMs) * 1e6) / (SLICE_BATCHES * FRAMES);
}

const slices = Math.max(4, Math.floor(Number(batches) / SLICE_BATCHES));
for (let i = 0; i < slices >> 2; i++) slice();
console.log(JSON.stringify({ nsPerFrame: median(Array.from({ length: slices }, slice)) }));
