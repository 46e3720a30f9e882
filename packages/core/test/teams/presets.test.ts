import { describe, expect, it } from 'vitest';
import { createHost } from '../../src/builder.ts';
import { checkHost } from '../../src/compose.ts';
import { DISTRIBUTION_PRESETS } from '../../src/teams/presets.ts';
import { bundled } from '../given/bundled.ts';
import { inlineHost } from '../given/inline-host.ts';

const rest = {
  nics: [{ name: 'nic0', driver: { use: 'memory' } }],
  vms: [{ name: 'vm0', mac: '02:00:00:00:00:01', device: { use: 'memory' } }],
};

const composed = (distribution: object) => checkHost({ ...rest, distribution } as never, { bases: [bundled] });

/** Plugin and options of the distribution; the names of complaints when there are some. */
async function resolved(distribution: object) {
  const { composition, complaints } = await composed(distribution);
  if (composition === undefined) return complaints.map(({ path, what }) => `${path}: ${what}`);
  return composition.distribution.chain.map(({ name, preset, options }) => ({ name, preset, options }));
}

describe('a name that operators know', () => {
  it('stands for a bundled plugin, whose options it fits', async () => {
    const lines: string[] = [''];
    for (const name of Object.keys(DISTRIBUTION_PRESETS)) {
      const [plan] = (await resolved({ use: name })) as { name: string; preset: string; options: object }[];
      expect(plan?.preset).toBe(name);
      lines.push(`${name.padEnd(22)} ${plan?.name.padEnd(17)} ${JSON.stringify(plan?.options)}`);
    }
    expect(`${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      balance-rr             round-robin       {"weighted":false}
      balance-slb            load-rebalance    {"granularity":"vm","intervalMs":10000,"thresholdPercent":0,"load":"tx"}
      balance-tcp            load-rebalance    {"granularity":"bucket","intervalMs":10000,"thresholdPercent":0,"load":"tx"}
      loadbalance_srcid      originating-port  {}
      loadbalance_srcmac     flow-hash         {"layer":"src-mac","encapsulated":false,"weighted":false}
      loadbalance_ip         flow-hash         {"layer":"layer2+3","encapsulated":false,"weighted":false}
      loadbalance_loadbased  load-rebalance    {"granularity":"vm","intervalMs":30000,"thresholdPercent":75,"load":"tx"}
      failover_explicit      active-backup     {}
      "
    `);
  });

  it('may have options beside it, which come on top and are checked as the plugin’s', async () => {
    expect(await resolved({ use: 'balance-slb', options: { intervalMs: '1s' } })).toMatchObject([
      { name: 'load-rebalance', options: { granularity: 'vm', intervalMs: 1000, thresholdPercent: 0 } },
    ]);
    expect(await resolved({ use: 'balance-slb', options: { interval: 1 } })).toEqual([
      expect.stringMatching(/^distribution\.options\.interval: load-distribution plugin "load-rebalance"/),
    ]);
  });

  it('serves as a fallback, and as a shadow', async () => {
    const use = { use: 'round-robin', fallback: { use: 'failover_explicit' }, shadow: { use: 'loadbalance_ip' } };
    const { composition } = await composed(use);
    expect(composition?.distribution.chain.map(({ name }) => name)).toEqual(['round-robin', 'active-backup']);
    expect(composition?.shadows.distribution?.options).toMatchObject({ layer: 'layer2+3' });
  });

  it('is taken by the builder, and by a swap', async () => {
    expect(createHost().distribute('balance-tcp', { fail: 'open' }).written.distribution).toEqual({
      use: 'balance-tcp',
      fail: 'open',
    });
    const host = await inlineHost({ distribution: { use: 'balance-rr' } });
    const names: unknown[] = [];
    host.on('swap', (notice) => names.push(notice));
    await host.swap('distribution', { use: 'loadbalance_srcmac' });
    expect(JSON.stringify(names)).toContain('flow-hash');
    await host.close();
  });

  it('of another kind of plugin is none', async () => {
    const { complaints } = await checkHost({ ...rest, admission: { use: 'balance-rr' } } as never, {
      bases: [bundled],
    });
    expect(complaints.map(({ code, path }) => [code, path])).toEqual([
      ['FAIRLEAD_ERR_PLUGIN_NOT_FOUND', 'admission.use'],
    ]);
  });
});
