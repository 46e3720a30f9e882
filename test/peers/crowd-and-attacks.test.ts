import { type SimulationResult, simulate, type WrittenScenario } from '@fairlead/simulator';
import { expect, it } from 'vitest';

const bases = [import.meta.url];
type Options = Readonly<Record<string, unknown>>;
type Senders = WrittenScenario['senders'];
type Vm = (typeof VMS)[number];

const VMS = ['web', 'db', 'mail', 'shop'] as const;
/** Seconds at which something begins. */
const CROWD = 35;
const SYN_FLOOD = 52;
const UDP_FLOOD = 60;
const SCAN = 68;
const END = 74;

/** Clients, transfers that last, one that begins amid it, one that pauses, calls, and talk by turns. */
const clean = (onOffBps: '30Mbps' | '3Mbps'): Senders => [
  { vm: 'web', kind: 'clients', perSecond: 100 },
  { vm: 'shop', kind: 'clients', perSecond: 30 },
  { name: 'copy', vm: 'db', kind: 'tcp', receiveWindowBytes: '128KiB' },
  { name: 'backup', vm: 'shop', kind: 'tcp', sizeBytes: '150MiB', receiveWindowBytes: '64KiB', start: '18s' },
  { name: 'restore', vm: 'mail', kind: 'tcp', from: 'store', receiveWindowBytes: '64KiB', start: '25s', stop: '32s' },
  { vm: 'mail', kind: 'on-off', rateBps: onOffBps, on: '300ms', off: '500ms', periods: 'exponential' },
  { vm: 'mail', kind: 'constant', rateBps: '2Mbps', spacing: 'poisson' },
];

const added: Senders = [
  { vm: 'web', kind: 'flash-crowd', perSecond: 1900, rise: '1s', start: `${CROWD}s`, stop: `${CROWD + 12}s` },
  { vm: 'shop', kind: 'flood', name: 'syn', perSecond: 270, start: `${SYN_FLOOD}s`, stop: `${SYN_FLOOD + 5}s` },
  {
    vm: 'db',
    kind: 'flood',
    name: 'udp',
    protocol: 'udp',
    perSecond: 50_000,
    frameBytes: 300,
    start: `${UDP_FLOOD}s`,
    stop: `${UDP_FLOOD + 5}s`,
  },
  { vm: 'mail', kind: 'scan', perSecond: 2000, start: `${SCAN}s`, stop: `${SCAN + 5}s` },
];

const TENTH: Readonly<Record<string, Options>> = {
  volume: { floorBps: 5e6, floorFps: 1000, floorFlowsPerS: 50 },
  'heavy-hitters': { floorFps: 2000 },
  entropy: { floorFrames: 200 },
};
const DETECTORS = ['volume', 'syn-flood', 'heavy-hitters', 'entropy', 'spread'];

const scenario = (floors: Readonly<Record<string, Options>>, senders: Senders, seed: number): WrittenScenario => ({
  duration: `${END}s`,
  seed,
  step: '200us',
  host: {
    nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps: '1000Mbps' } } }],
    vms: VMS.map((name, i) => ({ name, mac: `52:54:00:00:00:0${i + 1}`, device: { use: 'memory' } })),
    detectors: DETECTORS.map((use) => ({ use, options: floors[use] ?? {} })),
  },
  network: { uplink0: { delay: '1ms' } },
  senders,
});

/** Who is signalled by which detectors, after how many windows of a second from `begin` on. */
function signalled({ events }: SimulationResult, begin: number, end: number): Partial<Record<Vm, object>> {
  const said: Partial<Record<Vm, Record<string, number>>> = {};
  for (const { seconds, text } of events) {
    const [, detector, vm] = /^(\S+) signals attack on VM (\S+)/.exec(text) ?? [];
    if (vm === undefined || seconds <= begin || seconds > end) continue;
    const of = (said[vm as Vm] ??= {});
    of[detector] ??= Math.ceil(seconds - begin);
  }
  return said;
}

it.each([
  { floors: 'by default', given: {}, onOff: '30Mbps' as const, seed: 1 },
  { floors: 'of a tenth', given: TENTH, onOff: '3Mbps' as const, seed: 2 },
])(
  'in a closed loop signals nothing of clean traffic and a crowd of 20 times, and the attacks, with floors $floors',
  {
    timeout: 120_000,
  },
  async ({ given, onOff, seed }) => {
    const result = await simulate(scenario(given, [...clean(onOff), ...added], seed), {}, { bases });
    expect(signalled(result, 0, CROWD)).toEqual({});
    expect(signalled(result, CROWD, SYN_FLOOD)).toEqual({});
    const crowd = result.flows.find(({ kind }) => kind === 'flash-crowd')?.connections;
    expect(crowd).toMatchObject({ begun: crowd?.completed, failed: 0 });
    expect(crowd?.begun).toBeGreaterThan(11 * 1900);
    const copy = result.flows.find(({ sender }) => sender === 'copy');
    expect((copy?.arrivedFrames ?? 0) / END).toBeGreaterThan(20_000); // beyond the floor of heavy-hitters

    expect(signalled(result, SYN_FLOOD, UDP_FLOOD)).toMatchObject({ shop: { 'syn-flood': 1 } });
    expect(signalled(result, UDP_FLOOD, SCAN)).toMatchObject({ db: { volume: 3, spread: 1 } });
    expect(signalled(result, SCAN, END)).toMatchObject({ mail: { volume: 3 } });
  },
);
