import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { ENDLESS_BYTES, HOARD_BYTES, THROW_BYTES } from '../fixtures/parts.mjs';
import { until } from '../given/deadline.ts';
import { endHost, HURRIED_MS, type Observed, startHost } from '../given/worker-host.ts';

afterEach(endHost);

const dropped = ({ host }: Observed, vm: number): number =>
  host.arena.vms.dropped[vm * DROP_REASON_COUNT + DropReason.FailedClosed];

describe('a policy in a forwarding worker', () => {
  it('that hangs with the failure mode closed is closed in the worker that takes over as well', async () => {
    const admission = { use: './hanging-admission.mjs', fallback: { use: './dropping-admission.mjs' }, fail: 'closed' };
    const host = await startHost({ admission } as never, 1, HURRIED_MS);
    const codes: string[] = [];
    host.host.on('fault', ({ code, fail, worker }) => codes.push(`${code} ${fail} ${worker}`));
    host.send(0, 5);
    await host.untilTransmitted(0, 5);
    host.send(0, 3, { bytes: ENDLESS_BYTES });
    await until(() => dropped(host, 0) === 3, 'the frames have been dropped');
    host.send(1, 4);
    await until(() => dropped(host, 1) === 4, 'those of the other VM as well');
    expect(codes).toEqual(['FAIRLEAD_ERR_PLUGIN_STALLED closed 0']);
    await host.close();
  });

  it('that throws with the failure mode stop stops the host in order', async () => {
    const host = await startHost({ distribution: { use: './hanging-distribution.mjs', fail: 'stop' } } as never);
    const stopped = new Promise<unknown>((resolve) => host.host.once('stopped', resolve));
    host.send(0, 10);
    await host.untilTransmitted(0, 10);
    host.send(1, 5, { bytes: THROW_BYTES });
    expect(await stopped).toMatchObject({
      code: 'FAIRLEAD_ERR_HOST_STOPPED',
      where: 'hanging-distribution.select',
      message: expect.stringContaining('FAIRLEAD_ERR_PLUGIN_THREW'),
    });
    await host.close();
    expect(host.host.arena.txRings.length(1)).toBe(5);
    expect(() => host.host.pass()).toThrow(expect.objectContaining({ code: 'FAIRLEAD_ERR_HOST_STOPPED' }));
  });

  it('that fills the heap of its worker is named, and another worker serves with its fallback', async () => {
    const host = await startHost({
      admission: { use: './hoarding-admission.mjs', budget: { memoryBytes: '1MiB' } },
    } as never);
    const told: string[] = [];
    host.host.on('fault', ({ code, plugin, hook, worker }) => told.push(`${code} ${plugin}.${hook} ${worker}`));
    host.send(0, 5);
    await host.untilTransmitted(0, 5);
    host.send(1, 3, { bytes: HOARD_BYTES });
    host.send(2, 4);
    await host.untilTransmitted(1, 3);
    await host.untilTransmitted(2, 4);
    expect(told).toEqual(['FAIRLEAD_ERR_PLUGIN_BUDGET hoarding-admission.admit 0']);
    expect(host.losses).toEqual([expect.stringMatching(/^0: .*memory limit/)]);
    await host.close();
  });

  it('that hangs in its constructor while its worker is being replaced makes way for the next one', async () => {
    const host = await startHost(
      {
        admission: {
          use: './hanging-admission.mjs',
          fallback: { use: './sticking-admission.mjs' },
          budget: { controlMs: 300 },
        },
      } as never,
      1,
      HURRIED_MS,
    );
    host.send(2, 1);
    await host.untilTransmitted(2, 1);
    host.send(0, 2, { bytes: ENDLESS_BYTES });
    await host.untilTransmitted(0, 2);
    expect(host.faults.map(({ plugin, hook, fallback }) => [plugin, hook, fallback])).toEqual([
      ['hanging-admission', 'admit', 'sticking-admission'],
      ['sticking-admission', 'constructor', 'admit-all'],
    ]);
    await host.close();
  });
});
