import { once } from 'node:events';
import type { ActionRecord, SignalNotice } from '@fairlead/core';
import { DROP_REASON_COUNT, DropReason, type Signal } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { ENDLESS_BYTES, THROW_BYTES } from '../fixtures/parts.mjs';
import { until } from '../given/deadline.ts';
import { BROADCAST, macOf } from '../given/frames.ts';
import { endHost, HURRIED_MS, type Observed, startHost } from '../given/worker-host.ts';

afterEach(endHost);

const counting = (options: Record<string, unknown> = {}) => ({ use: './counting-detector.mjs', options, windowMs: 20 });
const evidenceOf = ({ host }: Observed, vm: number): Signal['evidence'] | undefined =>
  host.signals.heard().find((signal) => signal.vm === vm)?.evidence;

describe('detectors in workers', () => {
  it('count every frame of a VM once, on the worker that owns it, whoever received or sent it', async () => {
    const observed = await startHost({ detectors: [counting()] }, 2);
    const { vms } = observed.host.arena;
    for (let round = 0; round < 20; round++) {
      for (const vm of [0, 1, 2]) observed.send(vm, 5, { to: macOf((vm + round) % 3) });
      observed.send(0, 1, { to: BROADCAST });
      observed.send(1, 4);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => {
      return [0, 1, 2].every((vm) => vms.acceptedFrames[vm] === vms.transmittedFrames[vm]);
    }, 'everything is sent');
    for (const vm of [0, 1, 2]) {
      await until(() => {
        const { sent, received } = evidenceOf(observed, vm) ?? {};
        return sent === vms.acceptedFrames[vm] && received === vms.rxOfferedFrames[vm];
      }, `VM ${vm} is seen to have sent and received as much as it has`);
    }
    expect(vms.acceptedFrames[1]).toBe(180);
    expect(vms.rxOfferedFrames[1]).toBeGreaterThan(0);
    expect(observed.host.signals.heard().map(({ vm, from }) => `${vm} ${from}`)).toEqual([
      '0 counting-detector',
      '1 counting-detector',
      '2 counting-detector',
    ]);
    await observed.close();
  });

  it('have their signals answered by responders', async () => {
    const signals = [{ on: 'attack' as const, detectors: ['counting-detector'], responders: [{ use: 'suspend' }] }];
    const observed = await startHost({ detectors: [counting()], signals });
    observed.send(1, 3);
    const [taken] = (await once(observed.host, 'action')) as [ActionRecord];
    expect(taken).toMatchObject({ action: 'suspend', vm: 'vm1', signal: { from: 'counting-detector' } });
    expect(observed.host.vms.status('vm1').state).toBe('suspended');
    await observed.close();
  });

  it('watch from time to time also while nothing happens at all', async () => {
    const observed = await startHost({ detectors: [counting()] });
    observed.send(2, 1);
    await until(() => evidenceOf(observed, 2) !== undefined, 'the frame is seen');
    const at = (): number => observed.host.signals.heard()[0]?.atUs ?? 0;
    const before = at();
    await until(() => at() > before + 60_000, 'three more windows are judged');
    expect(evidenceOf(observed, 2)).toEqual({ sent: 1, received: 1 }); // the NIC echoes
    await observed.close();
  });
});

describe('a detector that fails in a worker', () => {
  it('is put aside when it throws; its signals are over and the frames go on', async () => {
    const observed = await startHost({ detectors: [counting()] });
    const notices: SignalNotice[] = [];
    observed.host.on('signal', (notice) => notices.push(notice));
    observed.send(0, 10);
    await until(() => notices.length === 1, 'it has raised something');
    observed.send(0, 1, { bytes: THROW_BYTES });
    observed.send(0, 10);
    await observed.untilTransmitted(0, 21);
    await until(() => notices.length === 2, 'that is over');
    expect(notices.map(({ state, vm }) => `${state} ${vm}`)).toEqual(['began vm0', 'over vm0']);
    expect(observed.faults).toEqual([{ plugin: 'counting-detector', hook: 'observe', vm: 'vm0', fallback: 'nobody' }]);
    expect(observed.losses).toEqual([]);
    expect(observed.host.signals.heard()).toEqual([]);
    await observed.close();
  });

  it.each(['observe', 'judge'] as const)('is named when it hangs in %s, and the others watch on', async (hangs) => {
    const detectors = [counting({ hangs }), counting()];
    const observed = await startHost({ detectors }, 1, HURRIED_MS);
    observed.send(1, 8);
    observed.send(0, 1, { bytes: ENDLESS_BYTES });
    observed.send(2, 8);
    await observed.untilTransmitted(0, 1);
    await observed.untilTransmitted(1, 8);
    await observed.untilTransmitted(2, 8);
    await until(() => observed.losses.length > 0, 'the worker is replaced');
    expect(observed.faults).toContainEqual({ plugin: 'counting-detector', hook: hangs, vm: '', fallback: 'nobody' });
    const seen = Number(evidenceOf(observed, 2)?.['sent'] ?? 0);
    observed.send(2, 5);
    await until(() => evidenceOf(observed, 2)?.['sent'] !== seen, 'the other detector counts on');
    expect(observed.faults.filter(({ hook }) => hook === hangs)).toHaveLength(1);
    await observed.close();
  });

  it('and hangs while it is shown what comes for a VM, has these frames counted as lost with the worker', async () => {
    const observed = await startHost({ detectors: [counting({ hangs: 'observe-inbound' })] }, 1, HURRIED_MS);
    const { rxDropped } = observed.host.arena.vms;
    observed.send(0, 4, { to: macOf(1), bytes: ENDLESS_BYTES });
    await until(() => observed.losses.length > 0, 'the worker is replaced');
    observed.send(0, 4, { to: macOf(1) });
    const lost = (): number => rxDropped[DROP_REASON_COUNT + DropReason.WorkerLost] as number;
    await until(() => observed.guest(1).counters.receivedFrames + lost() === 8, 'all others have come');
    expect(lost()).toBeGreaterThan(0);
    await observed.close();
  });

  it('is named with its place when it hangs in its constructor', async () => {
    const budget = { controlMs: 300 };
    const starting = startHost({ detectors: [counting(), { ...counting({ hangs: 'constructor' }), budget }] });
    await expect(starting).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_PLUGIN_STALLED', where: 'detectors[1]' });
  });
});
