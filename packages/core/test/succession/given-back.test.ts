import {
  definePlugin,
  type LoadDistribution,
  Nics,
  type NicTable,
  Options,
  type TransmitBatch,
  Type,
} from '@fairlead/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { detector } from '../given/detectors.ts';
import { inlineHost } from '../given/inline-host.ts';
import { diary, hostOf, named, send } from './given.ts';

/** Disposals that the diary holds, in the order of the alphabet: which instance is first is nobody's business. */
const disposed = (): string[] => diary.filter((line) => line.startsWith('disposed')).sort();

describe('what a host is closed with', () => {
  beforeEach(() => {
    diary.length = 0;
  });

  it('gives back what it took, once: who serves, who stands by, who is on probation, and the shadow', async () => {
    const { host } = await hostOf({
      distribution: { use: 'counting', options: { name: 'a' }, fallback: { use: 'counting', options: { name: 'b' } } },
    });
    await host.swap('distribution', named('c'));
    await host.shadow('distribution', named('d'));
    send(host);
    expect(disposed()).toEqual([]);
    await host.close();
    expect(disposed()).toEqual(['disposed a', 'disposed b', 'disposed c', 'disposed d']);
    await host.close();
    expect(disposed()).toHaveLength(4);
  });

  it('is not what was given back before', async () => {
    const { host } = await hostOf();
    await host.swap('distribution', named('b'), { probationMs: 0 });
    await host.shadow('distribution', named('c'));
    await host.shadow('distribution', named('d'));
    expect(disposed()).toEqual(['disposed a', 'disposed c']);
    await host.shadow('distribution', undefined);
    expect(disposed()).toEqual(['disposed a', 'disposed c', 'disposed d']);
    await host.close();
    expect(disposed()).toEqual(['disposed a', 'disposed b', 'disposed c', 'disposed d']);
  });

  it('includes a policy and a detector that failed, and outlasts one whose dispose throws', async () => {
    class Thrower implements LoadDistribution {
      static readonly inject = [Nics, Options];
      constructor(
        private readonly nics: NicTable,
        private readonly options: { throws: boolean },
      ) {}
      select(batch: TransmitBatch): undefined {
        if (this.options.throws) throw new Error('tired');
        batch.nic.fill(this.nics.preferred, 0, batch.count);
      }
      dispose(): undefined {
        diary.push(`disposed ${this.options.throws ? 'thrower' : 'its fallback'}`);
        throw new Error('and again');
      }
    }
    const thrower = definePlugin({
      kind: 'load-distribution',
      name: 'thrower',
      apiVersion: 1,
      options: Type.Object({ throws: Type.Boolean({ default: false }) }),
      implementation: Thrower as never,
    });
    const watcher = detector('watcher', {
      observe: () => {
        throw new Error('tired');
      },
      dispose: () => void diary.push('disposed watcher'),
    });
    const host = await inlineHost(
      {
        distribution: { use: 'thrower', options: { throws: true }, fallback: { use: 'thrower' } },
        detectors: [{ use: 'watcher' }],
      },
      [thrower, watcher],
    );
    const complaints: string[] = [];
    host.on('log', ({ plugin, message }) => complaints.push(`${plugin}: ${message}`));
    send(host);
    await host.close();
    expect(disposed()).toEqual(['disposed its fallback', 'disposed thrower', 'disposed watcher']);
    expect(complaints.filter((line) => line.includes('dispose()'))).toEqual([
      'thrower: dispose() threw: and again',
      'thrower: dispose() threw: and again',
    ]);
    host.assertConserved();
  });
});
