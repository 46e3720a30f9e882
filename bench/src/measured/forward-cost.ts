// Run in a process of its own, under load: `node forward-cost.js FROM TO BASE SECONDS` prints {"percent":…}: how much more
// time a frame takes through the whole pipeline with its policies than
//   none  through the pipeline without policies,
//   loop  through receive() and send() of the same drivers and nothing else.
//
// The two take turns of some milliseconds in one process, so that whatever else goes on meets them both. Time is the
// processor time of the process, which does not grow while another program has the core. Before each slice some frames
// are let pile up, so that every read is a full one; a slice in which one was not is left out.
import { median } from '../rounds.ts';
import { VethPipeline } from '../veth-pipeline.ts';

const BURST_FRAMES = 64;
const SLICE_TURNS = 16;
const PILE_UP_MS = 4;
const WARM_PART = 0.25;
const LEAST_SLICES = 30;

const [from = '', to = '', base = 'none', seconds = '2'] = process.argv.slice(2);
const pipeline = await VethPipeline.open(from, to);

const never = new Int32Array(new SharedArrayBuffer(4));

/** Processor time per frame in microseconds, or undefined when the load was short of frames. */
function slice(turn: () => number): number | undefined {
  Atomics.wait(never, 0, 0, PILE_UP_MS);
  const before = process.cpuUsage();
  let full = true;
  for (let i = 0; i < SLICE_TURNS; i++) full = turn() === BURST_FRAMES && full;
  const { user, system } = process.cpuUsage(before);
  return full ? (user + system) / (SLICE_TURNS * BURST_FRAMES) : undefined;
}

const piped = (): number => pipeline.turn();
const looped = (): number => pipeline.loop.turn();
const costs: number[] = [];
const baseCosts: number[] = [];
const startMs = performance.now();
const lengthMs = Number(seconds) * 1000;
while (performance.now() - startMs < lengthMs) {
  const warm = performance.now() - startMs > lengthMs * WARM_PART;
  pipeline.policed = true;
  const cost = slice(piped);
  pipeline.policed = false;
  const baseCost = slice(base === 'loop' ? looped : piped);
  if (!warm || cost === undefined || baseCost === undefined) continue;
  costs.push(cost);
  baseCosts.push(baseCost);
}
pipeline.assertForwarded();
if (costs.length < LEAST_SLICES) throw new Error(`the load kept up in ${costs.length} slices only`);
console.log(
  JSON.stringify({
    percent: 100 * (median(costs) / median(baseCosts) - 1),
    usPerFrame: median(costs),
    slices: costs.length,
  }),
);
process.exit(0);
