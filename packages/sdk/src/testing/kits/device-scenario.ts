import type { Random } from '../../clock.ts';
import { drawInt, drawList, drawOne, tellBytes } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

/** What one virtual NIC has to do, and how the host comes by. */
export interface DeviceScenario {
  /** The device's options, as a configuration has them. */
  readonly options: object;
  readonly maxFrameBytes: number;
  /** Several VMs are behind the port. */
  readonly shared: boolean;
  readonly fromVm: readonly number[];
  readonly toVm: readonly number[];
  /** Frames that the ring towards the host holds, and how many of them the host takes at each look. */
  readonly ring: number;
  readonly hostTakes: number;
  /** Time between the host's looks, over and over. */
  readonly stepsUs: readonly number[];
}

const HOUR_US = 3_600_000_000;
const STEPS_US = [1, 10, 100, 1000, 10_000];
export const DEVICE_LEAPS_US = [0, 0, 1, 100, HOUR_US];
const SHORTEST_BYTES = 14;

export function drawDevice(
  random: Random,
  options: object,
  longestBytes: number,
  steps: readonly number[] = STEPS_US,
): DeviceScenario {
  const maxFrameBytes = drawOne(random, [1514, 1522, 2046]);
  const most = Math.min(maxFrameBytes, longestBytes);
  const length = (): number =>
    Math.min(most, drawOne(random, [SHORTEST_BYTES, 60, 64, 1500, most, drawInt(random, SHORTEST_BYTES, most)]));
  const ring = drawOne(random, [1, 2, 16, 256]);
  return {
    options,
    maxFrameBytes,
    shared: random.next() < 0.2,
    fromVm: drawList(random, drawInt(random, 0, 60), length),
    toVm: drawList(random, drawInt(random, 0, 60), length),
    ring,
    hostTakes: drawInt(random, 1, ring),
    stepsUs: drawList(random, drawInt(random, 1, 6), () => drawOne(random, steps)),
  };
}

/** @param plainest the options that a scenario is tried with when it need not be others. */
export function* simplerDevice(scenario: DeviceScenario, plainest: object): Iterable<DeviceScenario> {
  const { options, fromVm, toVm, stepsUs, shared, ring } = scenario;
  if (shared) yield { ...scenario, shared: false };
  for (const fewer of shorter(fromVm)) yield { ...scenario, fromVm: fewer };
  for (const fewer of shorter(toVm)) yield { ...scenario, toVm: fewer };
  for (const fewer of shorter(stepsUs, 1)) yield { ...scenario, stepsUs: fewer };
  if (ring > 1) yield { ...scenario, ring: 1, hostTakes: 1 };
  if (options !== plainest) yield { ...scenario, options: plainest };
  for (const [i, bytes] of fromVm.entries()) if (bytes > 64) yield { ...scenario, fromVm: withAt(fromVm, i, 64) };
  for (const [i, bytes] of toVm.entries()) if (bytes > 64) yield { ...scenario, toVm: withAt(toVm, i, 64) };
}

export function tellDevice(scenario: DeviceScenario): string {
  const { options, maxFrameBytes, shared, fromVm, toVm, ring, hostTakes, stepsUs } = scenario;
  const frames = (lengths: readonly number[]): string =>
    lengths.length === 0 ? 'nothing' : `frames of ${tellBytes(lengths)} bytes`;
  return [
    `  options ${JSON.stringify(options)}${shared ? ', a port that two VMs share' : ''}`,
    `  from the VM: ${frames(fromVm)}`,
    `  to the VM: ${frames(toVm)}`,
    `  a ring of ${ring} frames of ${maxFrameBytes} bytes at most, of which the host takes ${hostTakes} at a look`,
    `  looks after ${stepsUs.join(', ')} us`,
  ].join('\n');
}
