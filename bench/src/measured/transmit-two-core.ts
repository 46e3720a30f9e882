// Run in a process of its own: `node transmit-two-core.js FRAMES VMS NICS` prints {"mframesPerSecond":…}. A producer on
// another core fills the VMs' rings in batches; the forwarding loop here takes, decides and sends.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import type { ArenaHandle } from '@fairlead/core/stages';
import { BATCH, loopMemory, Producer, ProductLoop } from '../product-loop.ts';

interface Work {
  readonly handle: ArenaHandle;
  readonly vms: number;
  readonly batches: number;
}

if (isMainThread) {
  const [frames = 20_000_000, vms = 4, nics = 2] = process.argv.slice(2).map(Number);
  const handle = loopMemory(vms, nics);
  const loop = new ProductLoop(handle);
  const batches = Math.ceil(frames / BATCH);
  const producer = new Worker(new URL(import.meta.url), { workerData: { handle, vms, batches } satisfies Work });
  producer.on('error', (error) => {
    throw error;
  });
  producer.once('online', () => console.log(JSON.stringify({ mframesPerSecond: drive(loop, batches * BATCH) })));
} else {
  const { handle, vms, batches } = workerData as Work;
  const producer = new Producer(handle);
  let vm = 0;
  for (let made = 0; made < batches; ) {
    if (producer.batch(vm)) made++;
    vm = vm + 1 < vms ? vm + 1 : 0;
  }
}

/** Sweeps until all frames have gone; returns millions of frames a second over the second half. */
function drive(loop: ProductLoop, frames: number): number {
  const start = performance.now();
  const sent = (): number => loop.arena.nics.txFrames.reduce((sum, count) => sum + count, 0);
  let halfAt = 0;
  let halfFrames = 0;
  for (let sweeps = 0; ; sweeps++) {
    loop.forwarder.sweep((performance.now() - start) * 1000);
    if ((sweeps & 63) !== 0) continue;
    const done = sent();
    if (halfAt === 0 && done >= frames / 2) {
      halfAt = performance.now();
      halfFrames = done;
    }
    if (done >= frames) return (done - halfFrames) / (performance.now() - halfAt) / 1000;
  }
}
