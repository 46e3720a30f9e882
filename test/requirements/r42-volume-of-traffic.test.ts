import { type Host, type SignalNotice, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import roundRobin from '@fairlead/load-distribution-round-robin';
import suspend from '@fairlead/responder-suspend';
import { describe, expect, it } from 'vitest';
import { frame, OUTSIDE } from './support/frames.ts';
import { guest, MAC, nic, runWithResponders, simulatedHost, started, takeSent } from './support/hosts.ts';

const WINDOW_MS = 10;
/** Frames in a millisecond, of every VM and each way, while all is well. */
const USUAL = 2;
const FLOOD = 20;
/** Windows of too much before it is signalled. */
const WINDOWS = 2;
/** Bits a second of a frame a millisecond. */
const BITS = 800_000;

type Direction = 'inbound' | 'outbound';

/** VMs a and b, with a detector of volumes that knows them for a second, and a chain that suspends on attack. */
async function given(): Promise<{ host: Host; notices: SignalNotice[] }> {
  const host = await started(
    simulatedHost([1e9, 1e9], { a: {}, b: {} })
      .distribute(use(roundRobin))
      .detect(use(volume, { windows: WINDOWS, floorFps: 100, floorBps: '100kbps' }), { windowMs: WINDOW_MS })
      .onSignal('attack', [use(suspend)], { detectors: ['volume'] }),
  );
  const notices: SignalNotice[] = [];
  host.on('signal', (notice) => notices.push(notice));
  await traffic(host, 1000, {});
  return { host, notices };
}

/** Lets both VMs send and receive as usual for a time, and VM a so many frames a millisecond in one direction. */
async function traffic(
  host: Host,
  ms: number,
  more: Partial<Record<Direction, number>>,
  source = MAC.a,
): Promise<void> {
  for (let done = 0; done < ms; done++) {
    for (const vm of ['a', 'b'] as const) {
      const inbound = vm === 'a' ? (more.inbound ?? USUAL) : USUAL;
      const outbound = vm === 'a' ? (more.outbound ?? USUAL) : USUAL;
      for (let i = 0; i < inbound; i++) nic(host, 'nic0').deliver(frame(OUTSIDE, { destination: MAC[vm], bytes: 100 }));
      for (let i = 0; i < outbound; i++) guest(host, vm).send(frame(vm === 'a' ? source : MAC.b, { bytes: 100 }));
    }
    await runWithResponders(host, 1);
    takeSent(host);
    for (const vm of ['a', 'b'] as const) while (guest(host, vm).receive() !== undefined);
  }
}

const told = (notices: readonly SignalNotice[]): string[] =>
  notices.map(({ state, vm, signal }) => `${state} ${vm} ${signal.from} ${signal.evidence['direction']}`);
const suspended = (host: Host): string[] =>
  host.vms.list().flatMap(({ name, state }) => (state === 'suspended' ? [name] : []));

describe('requirement 42: the sign of an attack is the amount of traffic of the VM', () => {
  it.each(['inbound', 'outbound'] as const)('too much %s is signalled, and answered, of that VM alone', async (way) => {
    const { host, notices } = await given();
    expect(notices).toEqual([]);
    await traffic(host, WINDOWS * WINDOW_MS - 1, { [way]: FLOOD });
    expect(notices).toEqual([]);
    await traffic(host, 1, { [way]: FLOOD });
    expect(told(notices)).toEqual([`began a volume ${way}`]);
    const evidence = { direction: way, measure: 'bps', rate: FLOOD * BITS, mean: USUAL * BITS, windows: WINDOWS };
    expect(notices[0]?.signal).toMatchObject({ kind: 'attack', evidence });
    await traffic(host, 2 * WINDOW_MS, { [way]: FLOOD });
    expect(host.signals.history().map(({ action, vm }) => `${action} ${vm}`)).toContain('suspend a');
    expect(notices.filter(({ vm }) => vm !== 'a')).toEqual([]);
    host.assertConserved();
  });

  it('is over when the amount is as before, and the VM runs on', async () => {
    const { host, notices } = await given();
    await traffic(host, 4 * WINDOW_MS, { inbound: FLOOD });
    expect(suspended(host)).toEqual(['a']);
    await traffic(host, 10 * WINDOW_MS, {});
    expect(told(notices)).toEqual(['began a volume inbound', 'over a volume inbound']);
    expect(suspended(host)).toEqual([]);
    expect(host.signals.actions()).toEqual([]);
    host.assertConserved();
  });

  it('a VM under its threshold is never touched', async () => {
    const { host, notices } = await given();
    await traffic(host, 500, { inbound: USUAL + 1, outbound: USUAL + 1 });
    expect(notices).toEqual([]);
    expect(host.signals.history()).toEqual([]);
    host.assertConserved();
  });

  it('frames that forge the address of another VM count for the one that sends them', async () => {
    const { host, notices } = await given();
    await traffic(host, 4 * WINDOW_MS, { outbound: FLOOD }, MAC.b);
    expect(told(notices)).toContain('began a volume outbound');
    expect(notices.filter(({ vm }) => vm !== 'a')).toEqual([]);
    expect(suspended(host)).toEqual(['a']);
    host.assertConserved();
  });
});
