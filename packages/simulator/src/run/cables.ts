import { SeededRandom } from '@fairlead/core';
import type { Cable } from '../network/network.ts';
import { Path } from '../network/path.ts';
import { driverFacts, networkOf, type Simulated } from './compose.ts';

/** Room of a queue in the network of which the scenario says nothing, in bytes. */
const DEFAULT_QUEUE_BYTES = 256 * 1024;

/** What is behind each NIC of a host, in the order of the NICs. Their chances are those of the seed. */
export function cablesOf(scenario: Simulated): Cable[] {
  const randomFor = (stream: string): SeededRandom => new SeededRandom(scenario.seed, stream);
  return scenario.host.config.nics.map(({ name }, i): Cable => {
    const said = networkOf(scenario, name);
    const { speedBps, delayUs, lossRate } = driverFacts(scenario, i);
    const both = { queueBytes: said.queueBytes ?? DEFAULT_QUEUE_BYTES, delayUs };
    const bursts = { burstLossRate: said.burstLossRate ?? 0, burstLossFrames: said.burstLossFrames ?? 1 };
    const rateBps = said.bottleneckBps ?? Number.POSITIVE_INFINITY;
    const inbound = { lossRate: said.inboundLossRate ?? 0, burstLossRate: 0, burstLossFrames: 1 };
    return {
      isUp: true,
      out: new Path(randomFor(`path ${name} out`), { ...both, ...bursts, rateBps, lossRate }),
      // Outwards the NIC itself is the line; inwards the path is.
      in: new Path(randomFor(`path ${name} in`), { ...both, ...inbound, rateBps: said.bottleneckBps ?? speedBps }),
    };
  });
}
