// Run in a process of its own: `node forward.js FROM TO` says "ready" and forwards until it is ended.
import { VethPipeline } from '../veth-pipeline.ts';

/** The event loop has its turn this often, for the signal that ends the process. */
const TURNS_AT_ONCE = 1000;

const [from = '', to = ''] = process.argv.slice(2);
const pipeline = await VethPipeline.open(from, to);

function forward(): void {
  for (let i = 0; i < TURNS_AT_ONCE; i++) pipeline.turn();
  setImmediate(forward);
}
process.once('SIGTERM', () => {
  pipeline.assertForwarded();
  process.exit(0);
});
console.log('ready');
forward();
