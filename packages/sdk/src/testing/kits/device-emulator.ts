import type { PluginDefinition } from '../../plugin.ts';
import { testRandom } from '../clock.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { createInstance } from '../instance.ts';
import { type DeviceFault, DeviceRig, type MakeDevice, type MakeGuest } from './device-rig.ts';
import { DEVICE_LEAPS_US, type DeviceScenario, drawDevice, simplerDevice, tellDevice } from './device-scenario.ts';
import { drawInt, drawList } from './draw.ts';
import { firstDifference, firstUnlike, markedFrame, tellFrame } from './frames.ts';
import { asyncLaw, type Law } from './law.ts';
import { optionSets } from './option-sets.ts';
import { neverOn, onEveryScenarioOf } from './scenario-laws.ts';
import { startsAndClosesLaw } from './starts.ts';

/**
 * What the author of a device emulator gives its kit.
 *
 * @example
 * ```ts
 * import memory, { type MemoryGuest } from '@fairlead/device-emulator-memory';
 * import { conformanceLaws, type DeviceEmulatorGiven } from '@fairlead/sdk/testing';
 *
 * const guest: DeviceEmulatorGiven['guest'] = () => ({
 *   send: (device, frames) => (device as MemoryGuest).sendAll(frames),
 * });
 * for (const { check } of conformanceLaws(memory, { guest })) await check();
 * ```
 */
export interface DeviceEmulatorGiven extends ConformanceGiven {
  /** Without a guest the kit cannot see whether frames pass. */
  readonly guest?: MakeGuest;
  /** The longest frame, in bytes, that passes between this guest and the device; any when left out. */
  readonly longestBytes?: number;
  /** Options with which `open` must be refused, as a path where no socket can be. */
  readonly unopenable?: readonly object[];
}

const ROUNDS = 20;
const LOOKS = 200;

/** What every device emulator does. */
export function deviceEmulatorKit(
  plugin: PluginDefinition<'device-emulator'>,
  given: DeviceEmulatorGiven,
): readonly Law[] {
  const { guest, longestBytes = Number.POSITIVE_INFINITY, unopenable = [] } = given;
  const { usable: options } = optionSets(plugin as unknown as PluginDefinition, given.options);
  const usual = given.options ?? [options[0]];
  const make: MakeDevice = (written, parts) => createInstance(plugin, written, parts);

  const rigFor = (scenario: DeviceScenario): Promise<DeviceRig> => DeviceRig.make(make, scenario, guest);
  const run = async (scenario: DeviceScenario): Promise<DeviceRig> => (await rigFor(scenario)).run();

  const onEveryScenario = onEveryScenarioOf<DeviceScenario>({
    rounds: ROUNDS,
    options,
    draw: (random, tried, stepsUs) => drawDevice(random, tried, longestBytes, stepsUs),
    simpler: simplerDevice,
    tell: tellDevice,
  });
  const never = neverOn<DeviceScenario, DeviceFault, undefined>(onEveryScenario, run);

  /** Opens a device, does something with it, closes it. */
  async function using(
    scenario: DeviceScenario,
    body: (rig: DeviceRig) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const rig = await rigFor(scenario);
    await rig.open();
    try {
      return await body(rig);
    } finally {
      await rig.close();
    }
  }

  function passed(rig: DeviceRig, scenario: DeviceScenario): string | undefined {
    const { send, received } = rig.guest;
    const toVm = scenario.toVm.map((bytes, i) => markedFrame(bytes, 1000 + i));
    return (
      (send === undefined ? undefined : firstUnlike('frame from the VM', scenario.fromVm.map(markedFrame), rig.sent)) ??
      (received === undefined ? undefined : firstUnlike('frame to the VM', toVm, received.call(rig.guest, rig.device)))
    );
  }

  return [
    startsAndClosesLaw(plugin as unknown as PluginDefinition, given.options),
    never('says when it wants to be polled: now at the earliest', 'due'),
    never('keeps to what its port allows', 'contract'),
    never('flushes what it pushes', 'unflushed'),
    never('leaves what it pulls as it is', 'written'),
    never('moves everything that there is to move', 'stalled'),
    never('takes a clock that stands still or leaps by hours', 'endless', undefined, DEVICE_LEAPS_US),
    onEveryScenario(
      'passes every frame as it is, in order, both ways',
      async (scenario) => passed(await run(scenario), scenario),
      { tried: usual },
    ),
    onEveryScenario('ends each poll, however much there is to do', (scenario) =>
      using({ ...scenario, toVm: [64, ...scenario.toVm] }, async (rig) => {
        rig.port.endless = true;
        for (let look = 0; look < 2; look++) if (!(await rig.look())) break;
        return rig.port.faults.get('endless');
      }),
    ),
    onEveryScenario('waits while its port is full, and goes on when there is room', async (scenario) => {
      const rig = await rigFor(scenario);
      const { capacity } = rig.port;
      rig.port.capacity = 0;
      await rig.open();
      let busy: string | undefined;
      for (let look = 0; look < LOOKS && busy === undefined; look++) {
        await rig.look();
        busy = rig.pollsAtOnce();
      }
      rig.port.capacity = capacity;
      await rig.finish();
      return busy ?? rig.faults.get('stalled');
    }),
    onEveryScenario('sends nothing of a guest of its own while the VM is suspended', (scenario) =>
      using({ ...scenario, fromVm: [], shared: false }, async (rig) => {
        if (rig.device.setRunning === undefined) return undefined;
        for (let look = 0; look < 5; look++) await rig.look();
        rig.setRunning(false);
        const pushed = rig.pushedFrames;
        for (let look = 0; look < LOOKS; look++) await rig.look();
        const more = rig.pushedFrames - pushed;
        return more === 0 ? undefined : `it pushed ${more} frames after setRunning(false)`;
      }),
    ),
    onEveryScenario('goes on when its VM is resumed', async (scenario) => {
      const rig = await rigFor({ ...scenario, shared: false });
      await rig.open();
      rig.setRunning(false);
      for (let look = 0; look < 5; look++) await rig.look();
      rig.setRunning(true);
      await rig.finish();
      return rig.faults.get('stalled');
    }),
    onEveryScenario('outlives a guest that sends what is no frame', (scenario) =>
      using(scenario, async (rig) => {
        const random = testRandom(scenario.toVm.length + 1);
        for (let look = 0; look < 5; look++) await rig.look();
        // What goes wrong without such a guest is for other laws to find.
        const beforehand = faultOf(rig) !== undefined;
        for (let burst = 0; burst < 10; burst++) {
          const garbage = Uint8Array.from(drawList(random, drawInt(random, 1, 3000), () => drawInt(random, 0, 255)));
          await rig.guest.misbehave?.(rig.device, garbage);
          for (let look = 0; look < 5; look++) await rig.look();
        }
        return beforehand ? undefined : faultOf(rig);
      }),
    ),
    onEveryScenario(
      'works alike in two instances, which share nothing',
      async (scenario) => {
        const alone = outcome(await run(scenario));
        const rigs = [await rigFor(scenario), await rigFor(scenario)];
        for (const rig of rigs) await rig.open();
        const going = new Set(rigs);
        while (going.size > 0) for (const rig of going) if (rig.done || !(await rig.look())) going.delete(rig);
        for (const rig of rigs) await rig.finish();
        return (
          firstDifference(alone, outcome(rigs[0]), 'beside a second instance') ??
          firstDifference(alone, outcome(rigs[1]), 'as a second instance')
        );
      },
      { tried: usual },
    ),
    onEveryScenario(
      'gives everything back, also when it was never opened',
      async (scenario) => {
        await (await rigFor(scenario)).close();
        const first = outcome(await run(scenario));
        return firstDifference(first, outcome(await run(scenario)), 'made anew after it was closed');
      },
      { tried: usual },
    ),
    ...unopenable.map((refused) => refusal(make, refused)),
  ];
}

/** What a device may do wrong when it reads what it did not expect. */
function faultOf({ port }: DeviceRig): string | undefined {
  return port.faults.get('contract') ?? port.faults.get('endless');
}

/** What came of a scenario, as far as it is the same every time: a modelled guest's own frames are left out. */
function outcome(rig: DeviceRig): string[] {
  const received = rig.guest.received?.(rig.device) ?? [];
  return [
    ...rig.sent.map((frame, i) => `sent as frame ${i}: ${tellFrame(frame)}`),
    ...received.map((frame, i) => `handed to the VM as frame ${i}: ${tellFrame(frame)}`),
  ];
}

const QUIET = { maxFrameBytes: 1514, shared: false, fromVm: [], toVm: [], ring: 1, hostTakes: 1, stepsUs: [1] };

/** The law that options with which a device cannot be opened are refused, and that it can be closed then. */
function refusal(make: MakeDevice, refused: object): Law {
  return asyncLaw<object>({
    name: `is refused, and closes, with ${JSON.stringify(refused)}`,
    rounds: 1,
    draw: () => refused,
    fault: async (options) => {
      const rig = await DeviceRig.make(make, { ...QUIET, options });
      const opened = await rig.open().then(
        () => 'it opened',
        () => undefined,
      );
      await rig.close();
      return opened;
    },
    simpler: () => [],
    tell: (tried) => `  options ${JSON.stringify(tried)}`,
  });
}
