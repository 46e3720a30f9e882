import type { Random } from '../../clock.ts';
import { drawInt, drawList, drawOne } from './draw.ts';
import { shorter } from './shrink.ts';

/** What happens to one NIC between two polls. */
type MonitorEvent =
  /** Time passes. */
  | 'nothing'
  /** Bytes arrive that are no frame of any protocol. */
  | 'noise'
  /** A frame that the monitor sent comes back with some of its bytes changed. */
  | 'spoilt'
  /** Its cable is pulled out of the switch, or plugged in; its link stays up. */
  | 'cut'
  /** Its link goes down, or up. */
  | 'link'
  /** It leaves the team, or joins it. */
  | 'member';

export interface MonitorStep {
  readonly afterUs: number;
  readonly event: MonitorEvent;
  readonly nic: number;
  /** Length of what arrives. */
  readonly bytes: number;
  readonly seed: number;
}

/** A team and what happens to it. */
export interface MonitorScenario {
  readonly nics: number;
  readonly steps: readonly MonitorStep[];
}

/** What may happen in a scenario. */
export interface MonitorBounds {
  readonly events: readonly MonitorEvent[];
  readonly afterUs: readonly number[];
  /** True: all that arrives from strangers arrives on NIC 0. */
  readonly strangerOnOne?: boolean;
}

const HOUR_US = 3_600_000_000;
const STEPS_US = [10_000, 10_000, 50_000, 200_000, 1_000_000];

export const QUIET_TEAM: MonitorBounds = { events: ['nothing', 'nothing', 'cut'], afterUs: STEPS_US };
export const STRANGERS: MonitorBounds = { events: ['nothing', 'cut', 'noise', 'spoilt', 'spoilt'], afterUs: STEPS_US };
export const STRANGER_ON_ONE: MonitorBounds = { ...STRANGERS, strangerOnOne: true };
export const LEAPS: MonitorBounds = { ...QUIET_TEAM, afterUs: [0, 0, 1, 10_000, 1_000_000, HOUR_US, 1000 * HOUR_US] };
export const CHANGES: MonitorBounds = { events: ['nothing', 'cut', 'link', 'member'], afterUs: STEPS_US };

export function drawMonitor(
  random: Random,
  { events, afterUs, strangerOnOne = false }: MonitorBounds,
): MonitorScenario {
  const nics = drawInt(random, 1, 5);
  return {
    nics,
    steps: drawList(random, drawInt(random, 1, 60), () => {
      const event = drawOne(random, events);
      const stranger = event === 'noise' || event === 'spoilt';
      return {
        afterUs: drawOne(random, afterUs),
        event,
        nic: stranger && strangerOnOne ? 0 : drawInt(random, 0, nics - 1),
        bytes: drawOne(random, [0, 1, 13, 14, 15, 28, 60, 124, drawInt(random, 0, 2048)]),
        seed: drawInt(random, 1, 2 ** 30),
      };
    }),
  };
}

export function* simplerMonitor(scenario: MonitorScenario): Iterable<MonitorScenario> {
  for (const steps of shorter(scenario.steps, 1)) yield { ...scenario, steps };
  if (scenario.steps.every(({ nic }) => nic < scenario.nics - 1) && scenario.nics > 1)
    yield { ...scenario, nics: scenario.nics - 1 };
}

export function tellMonitor({ nics, steps }: MonitorScenario): string {
  const told = steps.map(({ afterUs, event, nic, bytes }) => {
    if (event === 'nothing') return `${afterUs} us`;
    return `${afterUs} us, ${event} on NIC ${nic}${event === 'noise' ? ` of ${bytes} bytes` : ''}`;
  });
  return `  a team of ${nics} NICs on one switch; after ${told.join('; after ')}`;
}
