import type { Random } from '../../clock.ts';
import { drawInt, drawList, drawOne, tellBytes } from './draw.ts';
import { shorter, withAt } from './shrink.ts';

/** What one NIC has to do: frames of the given lengths to send and to receive, and how the host comes by. */
export interface NicDriverScenario {
  /** The driver's options, as a configuration has them. */
  readonly options: object;
  /** Largest frame of the host's slots. */
  readonly maxFrameBytes: number;
  readonly sending: readonly number[];
  readonly arriving: readonly number[];
  /** Frames that one call offers, and gives slots for, at most. */
  readonly burst: number;
  /** Time between the host's looks at first; afterwards it comes when something is due. */
  readonly stepsUs: readonly number[];
}

const HOUR_US = 3_600_000_000;
const STEPS_US = [0, 1, 7, 100, 1000, 10_000];
export const LEAPS_US = [0, 0, 0, 100, HOUR_US, 5 * HOUR_US];
const LARGEST_BURST = 32;
const MAX_FRAME_BYTES = [1514, 1522, 2046, 9018];
/** Longer than any slot that is drawn. */
const LONGEST_BYTES = 9600;
const SHORTEST_BYTES = 14;

function drawLength(random: Random, mostBytes: number): number {
  const usual = drawOne(random, [SHORTEST_BYTES, 15, 60, 64, 65, 1500, 1514, 1518, mostBytes]);
  return Math.min(mostBytes, random.next() < 0.3 ? drawInt(random, SHORTEST_BYTES, mostBytes) : usual);
}

/** @param longestBytes the longest frame that the network carries. */
export function drawNicDriver(
  random: Random,
  options: object,
  longestBytes = LONGEST_BYTES,
  steps: readonly number[] = STEPS_US,
): NicDriverScenario {
  const maxFrameBytes = drawOne(random, MAX_FRAME_BYTES);
  const length = (): number => drawLength(random, Math.min(maxFrameBytes, longestBytes));
  const arrivingLength = (): number => (random.next() < 0.1 ? longestBytes : length());
  return {
    options,
    maxFrameBytes,
    sending: drawList(random, drawInt(random, 0, 40), length),
    arriving: drawList(random, drawInt(random, 0, 40), arrivingLength),
    burst: drawOne(random, [1, 2, 7, LARGEST_BURST]),
    stepsUs: drawList(random, drawInt(random, 1, 8), () => drawOne(random, steps)),
  };
}

/** @param plainest the options that a scenario is tried with when it need not be others. */
export function* simplerNicDriver(scenario: NicDriverScenario, plainest: object): Iterable<NicDriverScenario> {
  const { sending, arriving, stepsUs, options } = scenario;
  if (options !== plainest) yield { ...scenario, options: plainest };
  for (const fewer of shorter(sending)) yield { ...scenario, sending: fewer };
  for (const fewer of shorter(arriving)) yield { ...scenario, arriving: fewer };
  for (const fewer of shorter(stepsUs, 1)) yield { ...scenario, stepsUs: fewer };
  if (scenario.burst > 1) yield { ...scenario, burst: 1 };
  for (const [i, bytes] of sending.entries()) if (bytes > 64) yield { ...scenario, sending: withAt(sending, i, 64) };
  for (const [i, bytes] of arriving.entries()) {
    if (bytes > 64) yield { ...scenario, arriving: withAt(arriving, i, 64) };
  }
}

export function tellNicDriver(scenario: NicDriverScenario): string {
  const { options, maxFrameBytes, sending, arriving, burst, stepsUs } = scenario;
  return [
    `  options ${JSON.stringify(options)}`,
    `  to send: ${sending.length === 0 ? 'nothing' : `frames of ${tellBytes(sending)} bytes`}`,
    `  to receive: ${arriving.length === 0 ? 'nothing' : `frames of ${tellBytes(arriving)} bytes`}`,
    `  bursts of ${burst}, slots for ${maxFrameBytes} bytes, looks after ${stepsUs.join(', ')} us, then when due`,
  ].join('\n');
}
