import { type Complaint, type ComposeOptions } from '@fairlead/core';
import { FairleadError } from '@fairlead/sdk';
import type { SimulationResult } from './result.ts';
import { type SimulateOptions, simulateChecked } from './run/simulate.ts';
import { checkScenario } from './scenario/check.ts';
import type { WrittenScenario } from './scenario/schema.ts';

/**
 * Checks a scenario and runs it on the virtual clock. The same scenario gives the same result.
 *
 * @param compose where the plugins of its host are found, as for `composeHost`
 * @throws FairleadError with the first complaint's code, path and mend when the scenario is wrong.
 * @example
 * ```ts
 * import { simulate } from '@fairlead/simulator';
 *
 * const result = await simulate({
 *   duration: '2s',
 *   host: {
 *     nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps: '100Mbps', latencyUs: '5ms' } } }],
 *     vms: [{ name: 'web', mac: '52:54:00:00:00:01', device: { use: 'memory' } }],
 *   },
 *   senders: [{ vm: 'web', kind: 'tcp' }],
 * });
 * console.log(result.vms[0]?.throughputBps, result.digest);
 * ```
 */
export async function simulate(
  scenario: WrittenScenario,
  options: SimulateOptions = {},
  compose: ComposeOptions = {},
): Promise<SimulationResult> {
  const { scenario: checked, complaints } = await checkScenario(scenario, compose);
  if (checked !== undefined) return simulateChecked(checked, options);
  const [first] = complaints as [Complaint];
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  throw new FairleadError(first.code, first.what + more, { where: first.path, mend: first.mend });
}
