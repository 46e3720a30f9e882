import type { PluginDefinition } from '../../plugin.ts';
import type { LinkMonitor } from '../../points/link-monitor.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { createInstance } from '../instance.ts';
import { firstDifference } from './frames.ts';
import { type Law, law, presupposing } from './law.ts';
import {
  CHANGES,
  drawMonitor,
  LEAPS,
  type MonitorBounds,
  type MonitorScenario,
  QUIET_TEAM,
  STRANGER_ON_ONE,
  STRANGERS,
  simplerMonitor,
  tellMonitor,
} from './link-monitor-scenario.ts';
import { type MakeMonitor, MonitorCourse } from './monitor-course.ts';
import { optionSets } from './option-sets.ts';
import { startsAndClosesLaw } from './starts.ts';

/**
 * What the kit of link monitors may be given.
 *
 * @example
 * ```ts
 * import type { LinkMonitorGiven } from '@fairlead/sdk/testing';
 *
 * // A network that sends everything back.
 * const given: LinkMonitorGiven = { network: (_nic, frame) => [frame] };
 * ```
 */
export interface LinkMonitorGiven extends ConformanceGiven {
  /** What the network beyond a NIC answers to a frame that left by it: frames that arrive on the same NIC. None otherwise. */
  readonly network?: (nic: number, frame: Uint8Array) => readonly Uint8Array[];
}

/** The time from one poll of the links to the next. */
const LINK_POLL_US = 10_000;
/** Polls within which a NIC that has room again is tried again. */
const POLLS_TO_RETRY = 3;

/** What every link monitor does. */
export function linkMonitorKit(
  plugin: PluginDefinition<'link-monitor'>,
  { options, network = () => [] }: LinkMonitorGiven,
): readonly Law[] {
  const { usable } = optionSets(plugin as unknown as PluginDefinition, options);

  function monitorLaw(
    name: string,
    bounds: MonitorBounds,
    fault: (begin: () => MonitorCourse, scenario: MonitorScenario, make: MakeMonitor) => string | undefined,
  ): Law {
    return law<{ readonly options: object; readonly scenario: MonitorScenario }>({
      name,
      rounds: Math.max(60, 4 * usable.length),
      draw: (random, round) => ({ options: usable[round % usable.length], scenario: drawMonitor(random, bounds) }),
      fault({ options: set, scenario }) {
        const make: MakeMonitor = (members) => createInstance(plugin, set, { members });
        return fault(() => new MonitorCourse(make, scenario, network), scenario, make);
      },
      *simpler({ options: set, scenario }) {
        for (const simpler of simplerMonitor(scenario)) yield { options: set, scenario: simpler };
      },
      tell: ({ options: set, scenario }) => `  options ${JSON.stringify(set)}\n${tellMonitor(scenario)}`,
    });
  }

  const survives = monitorLaw('survives any frame of 0 to 2048 bytes', STRANGERS, (begin) => begin().run().illVerdict);
  const repeats = monitorLaw('decides alike whenever it is made again', QUIET_TEAM, (begin) =>
    firstDifference(begin().run().answers, begin().run().answers, 'when it was made again'),
  );
  const says = monitorLaw(
    'says up, down, ambiguous or unknown of any NIC at any time',
    QUIET_TEAM,
    (begin) => begin().run().illVerdict,
  );
  const asks = monitorLaw('asks to be polled now, later or never', QUIET_TEAM, (begin) => begin().run().illDue);
  const bounded = monitorLaw(
    'sends a bounded number of frames in one call',
    QUIET_TEAM,
    (begin) => begin().run().tooMany,
  );
  return [
    startsAndClosesLaw(plugin as unknown as PluginDefinition, options),
    monitorLaw('listens in its constructor and nowhere else', QUIET_TEAM, (begin) =>
      begin().run().members.wrong.get('listen'),
    ),
    says,
    asks,
    monitorLaw('sends frames of 60 to 1514 bytes, each from the address of its NIC', QUIET_TEAM, (begin) =>
      begin().run().members.wrong.get('frame'),
    ),
    bounded,
    monitorLaw('tries again what there was no room for', QUIET_TEAM, retries),
    monitorLaw('goes on when members leave, come and lose their link', CHANGES, (begin) =>
      begin().run().members.wrong.get('member'),
    ),
    ...presupposing(says, [survives]),
    ...presupposing(survives, [
      monitorLaw('takes no other NIC out of service for what a stranger sends on one', STRANGER_ON_ONE, isUnmoved),
    ]),
    ...presupposing(bounded, [
      monitorLaw('takes a clock that stands still or leaps by hours', LEAPS, (begin) => {
        return begin().run().tooMany;
      }),
    ]),
    repeats,
    ...presupposing(repeats, [
      monitorLaw('works alike in two instances, which share nothing', QUIET_TEAM, sharesNothing),
    ]),
  ];
}

/** What was refused once is sent within a few polls when there is room. */
function retries(begin: () => MonitorCourse): string | undefined {
  const course = begin();
  const { members } = course;
  const all = [...members.members];
  for (const nic of all) members.full.add(nic);
  const refused = new Set<number>();
  const send = members.send.bind(members);
  members.send = (nic, frame) => {
    const taken = send(nic, frame);
    if (taken) refused.delete(nic);
    else refused.add(nic);
    return taken;
  };
  course.run();
  if (refused.size === 0) return undefined;
  members.full.clear();
  for (let poll = 0; poll < POLLS_TO_RETRY; poll++) {
    if (course.dueUs === Number.POSITIVE_INFINITY) return 'refused a frame, it asked never to be polled again';
    course.nowUs = Math.max(course.nowUs + LINK_POLL_US, course.dueUs);
    course.poll();
  }
  const [nic] = refused;
  return nic === undefined
    ? undefined
    : `NIC ${nic} had room again, and it sent nothing over it in ${POLLS_TO_RETRY} polls`;
}

/** What arrives on NIC 0 takes no other one out of service. */
function isUnmoved(begin: () => MonitorCourse, { nics }: MonitorScenario): string | undefined {
  const [disturbed, peaceful] = [begin(), begin()];
  const isDown = (monitor: LinkMonitor, nic: number): boolean => monitor.verdict(nic) === 'down';
  while (disturbed.goesOn()) {
    disturbed.step();
    peaceful.step(false);
    for (let nic = 1; nic < nics; nic++) {
      if (isDown(disturbed.monitor, nic) && !isDown(peaceful.monitor, nic))
        return `at ${disturbed.nowUs} us it says that NIC ${nic} is down, and does not where nothing strange arrives on NIC 0`;
    }
  }
  return undefined;
}

function sharesNothing(begin: () => MonitorCourse): string | undefined {
  const alone = begin().run().answers;
  const [one, other] = [begin(), begin()];
  while (one.goesOn()) for (const course of [one, other]) course.step();
  return (
    firstDifference(alone, one.answers, 'beside a second instance') ??
    firstDifference(alone, other.answers, 'as a second instance')
  );
}
