import type { PluginDefinition } from '../../plugin.ts';
import type { NicContext } from '../../points/nic-driver.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { createInstance } from '../instance.ts';
import { firstDifference, firstUnlike, markedFrame, tellFrame } from './frames.ts';
import { asyncLaw, type Law } from './law.ts';
import { armFault } from './nic-driver-arm.ts';
import { type MakeNicDriver, type MakeNicNetwork, type NicFault, NicRig, type NicRigAbout } from './nic-driver-rig.ts';
import {
  drawNicDriver,
  LEAPS_US,
  type NicDriverScenario,
  simplerNicDriver,
  tellNicDriver,
} from './nic-driver-scenario.ts';
import { optionSets } from './option-sets.ts';
import { neverOn, onEveryScenarioOf } from './scenario-laws.ts';
import { startsAndClosesLaw } from './starts.ts';

/**
 * What the author of a NIC driver gives its kit.
 *
 * @example
 * ```ts
 * import pcap from '@fairlead/nic-driver-pcap';
 * import { conformanceLaws, type NicDriverGiven } from '@fairlead/sdk/testing';
 *
 * const given: NicDriverGiven = { unopenable: [{ read: '/nowhere.pcap' }], longestBytes: 1514 };
 * for (const { name, check } of conformanceLaws(pcap, { unopenable: given.unopenable ?? [] })) {
 *   await check();
 *   console.log(`holds: ${name}`);
 * }
 * ```
 */
export interface NicDriverGiven extends ConformanceGiven {
  /** The other side of the wire. Without it the kit cannot see whether frames arrive unharmed. */
  readonly network?: MakeNicNetwork;
  /** The longest frame, in bytes, that this network carries; 9600 when left out. */
  readonly longestBytes?: number;
  /** Options with which `open` must be refused, as a device that does not exist. */
  readonly unopenable?: readonly object[];
}

const ROUNDS = 20;
const CONTROL: Partial<NicContext> = { role: 'control', receives: false, queues: 2 };

/** What came of a scenario, as far as it is the same every time. */
function outcome(rig: NicRig): string[] {
  const { wire } = rig;
  const onVirtualTime = rig.network.settle === undefined;
  return [
    ...(onVirtualTime ? [`took ${rig.takes.join(' ')}`] : []),
    `sent ${rig.sent.length} frames`,
    ...rig.received.map((frame, i) => `received as frame ${i}: ${tellFrame(frame)}`),
    ...(wire ?? []).map((frame, i) => `put on the wire as frame ${i}: ${tellFrame(frame)}`),
  ];
}

/** What every NIC driver does. */
export function nicDriverKit(plugin: PluginDefinition<'nic-driver'>, given: NicDriverGiven): readonly Law[] {
  const { network, longestBytes, unopenable = [] } = given;
  const { usable: options } = optionSets(plugin as unknown as PluginDefinition, given.options);
  const usual = given.options ?? [options[0]];
  const make: MakeNicDriver = (written, parts) => createInstance(plugin, written, parts);

  const rigFor = (scenario: NicDriverScenario, about: NicRigAbout = {}): Promise<NicRig> =>
    NicRig.make(make, scenario, { network, ...about });

  async function run(scenario: NicDriverScenario, about: NicRigAbout = {}): Promise<NicRig> {
    return (await rigFor(scenario, about)).run();
  }

  const onEveryScenario = onEveryScenarioOf<NicDriverScenario>({
    rounds: ROUNDS,
    options,
    draw: (random, tried, stepsUs) => drawNicDriver(random, tried, longestBytes, stepsUs),
    simpler: simplerNicDriver,
    tell: tellNicDriver,
  });
  const never = neverOn<NicDriverScenario, NicFault, NicRigAbout>(onEveryScenario, run);

  return [
    startsAndClosesLaw(plugin as unknown as PluginDefinition, given.options),
    onEveryScenario('takes frames from the front of the burst, at most those it was offered', async (scenario) => {
      const rig = await rigFor(scenario);
      await rig.open();
      rig.sendNothing();
      while (await rig.look()) if (rig.faults.has('taken')) break;
      await rig.close();
      return rig.faults.get('taken');
    }),
    never('takes the frames that it fails', 'failed'),
    never('leaves what it sends as it is', 'burst', { watch: true }),
    never('writes what it receives to the slots it was given alone', 'slots', { watch: true }),
    never('receives no more than it has slots for, and cuts what is longer than a slot', 'received'),
    never('tells of its link at any time', 'link'),
    never('leaves the tables to their writers', 'tables'),
    never('says when it goes on, and goes on then', 'due'),
    never('takes every frame in the end, while its link is up', 'stalled'),
    never('takes a clock that stands still or leaps by hours', 'stalled', {}, LEAPS_US),
    onEveryScenario('keeps nothing of a burst', async (scenario) => {
      const poisoned = outcome(await run(scenario));
      return firstDifference(
        outcome(await run(scenario, { poison: false })),
        poisoned,
        'with what it was given overwritten',
      );
    }),
    onEveryScenario(
      'carries every frame as it is, in order, both ways',
      async (scenario) => {
        if (network === undefined) return undefined;
        const rig = await run(scenario);
        const arriving = scenario.arriving.map((bytes, i) => cut(markedFrame(bytes, 1000 + i), scenario.maxFrameBytes));
        const { wire } = rig;
        return (
          (wire === undefined ? undefined : firstUnlike('sent frame', rig.sent, wire)) ??
          firstUnlike('received frame', arriving, rig.received)
        );
      },
      { tried: usual },
    ),
    onEveryScenario(
      'wakes once for each time it is armed, and not when it is disarmed',
      async (scenario) => {
        const rig = await rigFor({ ...scenario, sending: [] });
        return armFault(rig);
      },
      { tried: usual },
    ),
    onEveryScenario(
      'works alike in two instances, which share nothing',
      async (scenario) => {
        const alone = outcome(await run(scenario));
        const rigs = [await rigFor(scenario), await rigFor(scenario, { context: { index: 1, name: 'nic1' } })];
        for (const rig of rigs) await rig.open();
        const going = new Set(rigs);
        while (going.size > 0) for (const rig of going) if (!(await rig.look())) going.delete(rig);
        for (const rig of rigs) await rig.close();
        const outcomes = [outcome(rigs[0]), outcome(rigs[1])];
        return (
          firstDifference(alone, outcomes[0], 'beside a second instance') ??
          firstDifference(alone, outcomes[1], 'as a second instance')
        );
      },
      { tried: usual },
    ),
    onEveryScenario('plays each role that a host gives it', async (scenario) => {
      const shared = new Float64Array(new SharedArrayBuffer(64 * 8));
      const data = { role: 'data', queues: 2, shared } as const;
      const control = await rigFor(scenario, { context: { ...CONTROL, shared } });
      const rigs = [
        control,
        await rigFor(scenario, { context: data }),
        await rigFor(scenario, { context: { ...data, queue: 1, receives: false } }),
      ];
      for (const rig of rigs) await rig.open();
      for (const rig of rigs) while (await rig.look()) if (rig.faults.has('stalled')) break;
      for (const rig of rigs) await rig.close();
      for (const [i, rig] of rigs.entries()) {
        const fault = rig.faults.get('stalled');
        if (fault !== undefined) return `as ${i === 0 ? 'control' : `queue ${i - 1} of 2`}, ${fault}`;
      }
      return undefined;
    }),
    onEveryScenario(
      'gives everything back, also when it was never opened',
      async (scenario) => {
        const unused = await rigFor(scenario);
        await unused.close();
        const first = outcome(await run(scenario));
        return firstDifference(first, outcome(await run(scenario)), 'made anew after it was closed');
      },
      { tried: usual },
    ),
    ...unopenable.map((refused) =>
      asyncLaw<object>({
        name: `is refused, and closes, with ${JSON.stringify(refused)}`,
        rounds: 1,
        draw: () => refused,
        fault: async () => {
          const rig = await NicRig.make(make, { ...QUIET, options: refused });
          const opened = await rig.open().then(
            () => 'it opened',
            () => undefined,
          );
          await rig.close();
          return opened;
        },
        simpler: () => [],
        tell: (tried) => `  options ${JSON.stringify(tried)}`,
      }),
    ),
  ];
}

const QUIET: Omit<NicDriverScenario, 'options'> = {
  maxFrameBytes: 1514,
  sending: [],
  arriving: [],
  burst: 1,
  stepsUs: [0],
};

/** A frame longer than a slot is told by its length alone: of its bytes the host reads none. */
function cut(frame: Uint8Array, maxFrameBytes: number): Uint8Array {
  if (frame.length <= maxFrameBytes) return frame;
  const over = new Uint8Array(maxFrameBytes + 1);
  over.set(frame.subarray(0, maxFrameBytes));
  return over;
}
