import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShadowNotice, SwapNotice } from '@fairlead/core';
import { afterEach, describe, expect, it } from 'vitest';
import { ENDLESS_BYTES, THROW_BYTES } from '../fixtures/parts.mjs';
import { until } from '../given/deadline.ts';
import { endHost, HURRIED_MS, type Observed, startHost } from '../given/worker-host.ts';

afterEach(endHost);

const versioned = (options: Record<string, unknown> = {}) => ({ use: './versioned-distribution.mjs', options });

function noticesOf({ host }: Observed): { swaps: SwapNotice[]; shadows: ShadowNotice[] } {
  const swaps: SwapNotice[] = [];
  const shadows: ShadowNotice[] = [];
  host.on('swap', (notice) => swaps.push(notice));
  host.on('shadow', (notice) => shadows.push(notice));
  return { swaps, shadows };
}

const txFrames = ({ host }: Observed): number[] => ['nic0', 'nic1'].map((nic) => host.nics.status(nic).txFrames);

describe('a swap in forwarding workers', () => {
  it('is made in all of them, with the state of each, while frames pass', async () => {
    const host = await startHost({ distribution: versioned() }, 2);
    for (let i = 0; i < 10; i++) {
      host.send(0, 20);
      host.send(1, 20);
      const { handedOver } = await host.host.swap('distribution', versioned({ nic: (i + 1) % 2 }));
      expect(handedOver).toBe(true);
    }
    await host.untilTransmitted(0, 200);
    await host.untilTransmitted(1, 200);
    host.send(0, 5);
    await host.untilTransmitted(0, 205);
    await until(() => txFrames(host)[0] + txFrames(host)[1] === 405, 'the NICs have sent all');
    expect(Math.min(...txFrames(host))).toBeGreaterThan(0);
    expect(host.losses).toEqual([]);
    await host.close();
  });

  it('loads an edited module afresh when it is told to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-reload-'));
    const file = join(folder, 'edited.mjs');
    const sdk = import.meta.resolve('@fairlead/sdk');
    const write = (place: string): void =>
      writeFileSync(
        file,
        `import { definePlugin, Nics, Type } from ${JSON.stringify(sdk)};
        class Edited {
          static inject = [Nics];
          constructor(nics) { this.nics = nics; }
          select(batch) { batch.nic.fill(this.nics.available[${place}], 0, batch.count); }
        }
        export default definePlugin({ kind: 'load-distribution', name: 'edited', apiVersion: 1, options: Type.Object({}), implementation: Edited });`,
      );
    write('0');
    const host = await startHost({ distribution: { use: file } });
    write('1');
    await host.host.swap('distribution', { use: file });
    host.send(0, 3);
    await until(() => txFrames(host)[0] === 3, 'the module that was loaded first serves');
    await host.host.swap('distribution', { use: file }, { reload: true });
    expect(host.faults).toEqual([]);
    host.send(0, 3);
    await until(() => txFrames(host)[1] === 3, 'the edited module serves');
    await host.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['throws', 'FAIRLEAD_ERR_PLUGIN_CONSTRUCT'],
    ['hangs', 'FAIRLEAD_ERR_SWAP'],
    ['hangs later', 'FAIRLEAD_ERR_SWAP'],
  ])('to a successor whose making %s leaves all of them with what they had', async (making, code) => {
    const host = await startHost({ distribution: versioned() }, 2, HURRIED_MS);
    const { swaps } = noticesOf(host);
    await expect(host.host.swap('distribution', versioned({ nic: 1, making }))).rejects.toThrow(code);
    host.send(0, 10);
    host.send(1, 10);
    await until(() => txFrames(host)[0] === 20, 'the predecessor has decided on all');
    expect(swaps).toEqual([]);
    expect(host.faults).toEqual([]);
    await host.close();
  });

  it('cannot be to a plugin that no other thread can load', async () => {
    const host = await startHost({});
    const { default: definition } = (await import('../fixtures/versioned-distribution.mjs')) as { default: never };
    await expect(host.host.swap('distribution', { definition, options: {} })).rejects.toThrow(
      'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
    );
    await host.close();
  });

  it('is taken back in all of them when the successor fails in one', async () => {
    const host = await startHost({ distribution: versioned() }, 2);
    const { swaps } = noticesOf(host);
    await host.host.swap('distribution', versioned({ nic: 1, fails: true }));
    host.send(0, 1, { bytes: THROW_BYTES });
    await until(() => swaps.length === 2, 'the predecessor has returned');
    expect(swaps[1]).toMatchObject({ section: 'distribution', cause: 'probation', to: 'versioned' });
    host.send(1, 10);
    await until(() => txFrames(host)[0] === 11, 'it decides in both');
    expect(host.faults).toEqual([{ plugin: 'versioned', hook: 'select', vm: 'vm0', fallback: 'versioned' }]);
    await host.close();
  });

  it('is taken back when the successor never returns, and the worker is replaced with the predecessor', async () => {
    const host = await startHost({ distribution: versioned() }, 1, HURRIED_MS);
    const { swaps } = noticesOf(host);
    await host.host.swap('distribution', versioned({ nic: 1, fails: true }));
    host.send(0, 1, { bytes: ENDLESS_BYTES });
    host.send(0, 9);
    await until(() => txFrames(host)[0] === 10, 'the predecessor has decided on all');
    await until(() => swaps.length === 2, 'the swap is told to be taken back');
    expect(host.losses[0]).toBe('0: stalled');
    await host.close();
  });

  it('holds in a worker that takes the place of a lost one', async () => {
    const host = await startHost(
      { distribution: versioned(), admission: { use: './hanging-admission.mjs' } },
      1,
      HURRIED_MS,
    );
    await host.host.swap('distribution', versioned({ nic: 1 }), { probationMs: 0 });
    host.send(0, 1, { bytes: ENDLESS_BYTES });
    host.send(0, 9);
    await until(() => txFrames(host)[1] === 10, 'the swapped policy has decided on all');
    expect(host.losses[0]).toBe('0: stalled');
    await host.close();
  });
});

describe('a shadow in forwarding workers', () => {
  it('is asked in all of them, and the host reads what they write down', async () => {
    const host = await startHost({ distribution: versioned() }, 2);
    await host.host.shadow('distribution', versioned({ nic: 1 }));
    host.send(0, 30);
    host.send(1, 10);
    await host.untilTransmitted(0, 30);
    await host.untilTransmitted(1, 10);
    expect(host.host.shadowReport().sections[0]).toMatchObject({
      real: 'versioned',
      shadow: 'versioned',
      frames: 40,
      same: 0,
      matrix: [{ real: 'nic0', shadow: 'nic1', frames: 40, bytes: 2560 }],
    });
    await host.close();
  });

  it('that never returns is put aside with its worker; the policy that decides is not, and the report is kept', async () => {
    const host = await startHost(
      { distribution: { ...versioned(), shadow: versioned({ nic: 1, fails: true }) } },
      1,
      HURRIED_MS,
    );
    const { shadows } = noticesOf(host);
    host.send(0, 5);
    await host.untilTransmitted(0, 5);
    host.send(0, 1, { bytes: ENDLESS_BYTES });
    host.send(0, 4);
    await until(() => txFrames(host)[0] === 10, 'the policy has decided on all');
    expect(shadows).toEqual([
      {
        section: 'distribution',
        shadow: 'versioned',
        state: 'aside',
        message: 'select() did not return for 200 ms, for VM vm0',
      },
    ]);
    expect(host.faults).toEqual([]);
    expect(host.host.policies.distribution).toBe('versioned');
    const [section] = host.host.shadowReport().sections;
    expect(section?.state).toBe('aside');
    expect(section?.frames).toBeGreaterThanOrEqual(5);
    await host.close();
  });
});
