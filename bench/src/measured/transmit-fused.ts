// Run in a process of its own: `node transmit_fused.js FRAMES VMS NICS` prints {"nsPerFrame":…}.
import { fusedPath } from '../fused.ts';

const WARM_FRAMES = 4_000_000;
const [frames = 20_000_000, vms = 4, nics = 2] = process.argv.slice(2).map(Number);

const nowUs = (): number => performance.now() * 1000;
const path = fusedPath(vms, nics, nowUs());

function run(wanted: number): number {
  let swept = 0;
  while (swept < wanted) {
    for (let v = 0; v < vms; v++) path.produce(v);
    swept += path.sweep(nowUs());
  }
  return swept;
}

const warmed = run(WARM_FRAMES);
const start = process.hrtime.bigint();
const swept = run(frames);
const elapsedNs = Number(process.hrtime.bigint() - start);

const { sent, pending, dropped } = path.tally();
if (sent + pending !== warmed + swept || dropped !== 0) {
  throw new Error(`swept ${warmed + swept} frames, sent ${sent}, pending ${pending}, dropped ${dropped}`);
}
console.log(JSON.stringify({ nsPerFrame: elapsedNs / swept }));
