// A new policy is first asked beside the one that decides, without any effect; then it takes its place, under load.
import { createHost, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import memoryNic from '@fairlead/nic-driver-memory';

const host = await createHost()
  .nic('slow', use(memoryNic, { speedBps: '100Mbps' }))
  .nic('fast', use(memoryNic, { speedBps: '1Gbps' }))
  .vm('web', '52:54:00:00:00:01', use(memoryDevice, { traffic: { rateBps: '400Mbps' } }))
  .distribute(use(roundRobin))
  .inline()
  .start();

let before = { web: 0, slow: 0 };
function tell(who: string): number {
  const now = { web: host.vms.status('web').transmittedFrames, slow: host.nics.status('slow').txFrames };
  const frames = now.web - before.web;
  console.log(`${who}: ${frames} frames in half a second, ${now.slow - before.slow} of them over the slow NIC`);
  before = now;
  return frames;
}

// The slow NIC is half of the round, and everything waits for it.
await host.shadow('distribution', use(pendingLoad));
host.run(500_000);
const slowly = tell('round-robin');

const [report] = host.shadowReport().sections;
if (report === undefined) throw new Error('nothing was compared');
// A frame that finds its NIC full is asked about again, so that there are more decisions than frames.
console.log(`${report.shadow} agreed with ${report.same} of ${report.frames} decisions; otherwise:`);
for (const { real, shadow, frames } of report.matrix) {
  if (real !== shadow) console.log(`  over ${real}, where it would have taken ${shadow}: ${frames}`);
}

host.on('swap', ({ from, to, cause }) => console.log(`swapped: ${from} → ${to} (${cause})`));
await host.swap('distribution', use(pendingLoad), { probationMs: 100 });
host.run(500_000);
const quickly = tell('pending-load');

host.assertConserved(); // the exchange has lost nothing
await host.close();
if (quickly < 1.5 * slowly) process.exitCode = 1;
