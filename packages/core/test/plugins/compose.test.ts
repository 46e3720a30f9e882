import { fileURLToPath } from 'node:url';
import { definePlugin, type PluginDefinition, Type } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { checkHost, composeHost } from '../../src/compose.ts';
import type { WrittenHostConfig } from '../../src/config.ts';
import { rehearse } from '../../src/rehearse.ts';
import { bundled } from '../given/bundled.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const bases = [fixtures, bundled];
const memory = { use: 'memory' };

const sound: WrittenHostConfig = {
  nics: [{ name: 'uplink0', driver: memory }],
  vms: [{ name: 'web', mac: '52:54:00:00:00:01', device: memory }],
};

const complaintsAbout = async (written: object): Promise<string[]> => {
  const { complaints } = await checkHost(written as WrittenHostConfig, { bases });
  return complaints.map(({ path, what, code }) => `${path}: ${what} [${code.replace('FAIRLEAD_ERR_', '')}]`);
};

describe('a configuration that is sound', () => {
  it('becomes a plan, with defaults in place and quantities in base units', async () => {
    const { config, nics, devices, admission, distribution, hypervisor } = await composeHost(
      {
        ...sound,
        nics: [{ name: 'uplink0', driver: { use: 'memory', options: { speedBps: '10Gbps' } } }],
        vms: [
          {
            name: 'web',
            mac: '52-54-00-00-00-01',
            device: memory,
            bandwidth: { limitBps: '200Mbps', burstBytes: '64KiB' },
          },
        ],
        distribution: { use: './last-nic.mjs', fallback: { use: 'round-robin' } },
        admission: { use: 'shaping-filter' },
        monitor: { downDelayMs: '1s' },
      },
      { bases },
    );
    expect(config.runtime).toEqual({ kind: 'workers', workers: 1, batchFrames: 32, sampleEvery: 8192, stallMs: 1000 });
    expect(config.vms[0].bandwidth).toEqual({
      reservationBps: 0,
      limitBps: 2e8,
      burstBytes: 65_536,
      shares: 1,
      priority: 0,
    });
    expect(config.monitor).toEqual({ linkPollMs: 10, upDelayMs: 0, downDelayMs: 1000 });
    expect(config.security.portSecurity).toBe(true);
    expect(nics.map(({ name, where, options }) => [name, where, (options as { speedBps: number }).speedBps])).toEqual([
      ['memory', 'nics[0].driver', 1e10],
    ]);
    expect(distribution.chain.map(({ name, where }) => [name, where])).toEqual([
      ['last-nic', 'distribution'],
      ['round-robin', 'distribution.fallback'],
    ]);
    expect(admission.chain.map(({ name }) => name)).toEqual(['shaping-filter']);
    expect(admission).toMatchObject({ fail: 'fallback', budget: { controlMs: 30_000 } });
    expect(devices.map(({ name, shared, vms }) => [name, shared, vms])).toEqual([['web', false, [0]]]);
    expect(hypervisor).toBeUndefined();
  });

  it('may have several VMs behind one port', async () => {
    const { devices } = await composeHost(
      {
        ...sound,
        ports: [{ name: 'shared', device: memory }],
        vms: [
          { name: 'a', mac: '52:54:00:00:00:01', port: 'shared' },
          { name: 'b', mac: '52:54:00:00:00:02', device: memory },
          { name: 'c', mac: '52:54:00:00:00:03', port: 'shared' },
        ],
      },
      { bases },
    );
    expect(devices.map(({ name, shared, vms }) => [name, shared, vms])).toEqual([
      ['b', false, [1]],
      ['shared', true, [0, 2]],
    ]);
  });

  it('may use plugins that were handed over as objects', async () => {
    const given = definePlugin({
      kind: 'load-distribution',
      name: 'of-my-own',
      apiVersion: 1,
      options: Type.Object({}),
      implementation: class {
        select(): undefined {}
      },
    });
    const definitions = new Map<string, PluginDefinition>([
      ['load-distribution/of-my-own', given as unknown as PluginDefinition],
    ]);
    const { distribution } = await composeHost(
      { ...sound, distribution: { use: 'of-my-own' } },
      { bases, definitions },
    );
    // Another thread could not load it; the inline runtime does not have to.
    expect(distribution.chain.map(({ definition, module }) => [definition === given, module])).toEqual([[true, '']]);
  });
});

describe('a configuration that is wrong', () => {
  it('is complained about in every place at once, plugins and their options too', async () => {
    const complaints = await complaintsAbout({
      nics: [
        { name: 'uplink0', driver: { use: 'memory', options: { speedBps: 'fast', colour: 'red' } } },
        { name: 'uplink1', driver: { use: 'e1000' } },
      ],
      vms: [
        { name: 'web', mac: '52:54:00:00:00:01', device: { use: 'memory', options: { traffic: { rateBps: 0 } } } },
        { name: 'web!', mac: '52:54:00:00:00:02', device: memory },
      ],
      distribution: { use: './last-nic.mjs', fallback: { use: './no-plugin.mjs' } },
      admission: { use: './last-nic.mjs' },
      runtime: { workers: 0, kind: 'threads' },
      monitor: { linkPolMs: 5 },
    });
    expect(complaints).toEqual([
      'vms[1].name: "web!" must match pattern "^[A-Za-z0-9][A-Za-z0-9._-]*$" [CONFIG_INVALID]',
      'runtime.kind: "threads" is not a choice here [CONFIG_INVALID]',
      'runtime.workers: 0 must be >= 1 [CONFIG_INVALID]',
      'monitor.linkPolMs: there is no "linkPolMs" here [CONFIG_INVALID]',
      'nics[0].driver.options.speedBps: nic-driver plugin "memory": "fast" is not a quantity in bps [UNIT]',
      'nics[0].driver.options.colour: nic-driver plugin "memory": there is no "colour" here [PLUGIN_OPTIONS]',
      'nics[1].driver.use: there is no nic-driver plugin "e1000" [PLUGIN_NOT_FOUND]',
      'vms[0].device.options.traffic.rateBps: device-emulator plugin "memory": 0 must be > 0 [PLUGIN_OPTIONS]',
      'admission.use: "./last-nic.mjs" is a load-distribution plugin, not a admission plugin [PLUGIN_KIND]',
      'distribution.fallback.use: "./no-plugin.mjs" is not a plugin [PLUGIN_INVALID]',
    ]);
  });

  it('in its names alone is complained about in every one of them', async () => {
    const complaints = await complaintsAbout({
      nics: [
        { name: 'uplink0', driver: memory, role: 'standby' },
        { name: 'uplink0', driver: memory, role: 'unused' },
      ],
      ports: [{ name: 'shared', device: memory }],
      vms: [
        { name: 'web', mac: '52:54:00:00:00:01', device: memory },
        { name: 'web', mac: '52-54-00-00-00-01', device: memory },
        { name: 'db', mac: '53:54:00:00:00:02', device: memory, port: 'shared' },
        { name: 'lost', mac: '52:54:00:00:00', port: 'sharde' },
        { name: 'bare', mac: '52:54:00:00:00:05' },
      ],
      runtime: { kind: 'inline', workers: 2 },
    });
    expect(complaints).toEqual([
      'nics[1].name: "uplink0" is the name of nics[0].name already [CONFIG_NAME]',
      'vms[1].name: "web" is the name of vms[0].name already [CONFIG_NAME]',
      'vms[1].mac: "52:54:00:00:00:01" is the MAC address of vms[0].mac already [CONFIG_NAME]',
      'vms[2].mac: "53:54:00:00:00:02" is no VM\'s MAC address [MAC]',
      'vms[2]: VM "db" needs a device or a port, one of them [CONFIG_NAME]',
      'vms[3].mac: "52:54:00:00:00" is no VM\'s MAC address [MAC]',
      'vms[3].port: there is no port "sharde" [CONFIG_NAME]',
      'vms[4]: VM "bare" needs a device or a port, one of them [CONFIG_NAME]',
      'runtime.workers: the inline runtime has one loop, not 2 [CONFIG_NAME]',
      'nics: no NIC has the role active [CONFIG_NAME]',
    ]);
  });

  it('is told the nearest name', async () => {
    const { complaints } = await checkHost(
      {
        ...sound,
        ports: [{ name: 'shared', device: memory }],
        vms: [{ name: 'a', mac: '52:54:00:00:00:01', port: 'sharde' }],
      },
      { bases },
    );
    expect(complaints.map(({ path, mend }) => [path, mend])).toEqual([
      ['vms[0].port', 'did you mean "shared"?'],
      ['ports[0].name', 'give a VM this port, or remove it'],
    ]);
  });

  it.each([[null], [7], ['text'], [[]], [{}], [{ nics: {}, vms: 5, admission: 'x', ports: [null] }]])(
    'never throws anything but complaints, also for %j',
    async (written) => {
      const { composition, complaints } = await checkHost(written as WrittenHostConfig, { bases });
      expect(composition).toBeUndefined();
      expect(complaints.length).toBeGreaterThan(0);
    },
  );

  it('is refused with the first complaint and the number of the others', async () => {
    await expect(
      composeHost(
        {
          nics: [
            { name: 'a', driver: { use: 'e1000' } },
            { name: 'b', driver: { use: 'e1001' } },
          ],
          vms: sound.vms ?? [],
        },
        { bases },
      ),
    ).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
      where: 'nics[0].driver.use',
      message: expect.stringContaining('(and 1 more)'),
    });
  });
});

describe('a rehearsal', () => {
  it('finds nothing wrong with a sound host, and opens nothing', async () => {
    expect(await rehearse(await composeHost(sound, { bases }))).toEqual([]);
  });

  it('finds what only the plugins themselves can tell, all of it', async () => {
    const complaints = await rehearse(
      await composeHost(
        {
          ...sound,
          distribution: { use: 'vm-affinity', options: { pins: { web: 'uplink9' } } },
          vms: [
            {
              name: 'web',
              mac: '52:54:00:00:00:01',
              device: { use: 'memory', options: { traffic: { frameBytes: '60KB' } } },
            },
          ],
        },
        { bases },
      ),
    );
    expect(complaints.map(({ path, code }) => [path, code])).toEqual([
      ['vms[0].device', 'FAIRLEAD_ERR_PLUGIN_OPTIONS'],
      ['distribution.options.pins.web', 'FAIRLEAD_ERR_CONFIG_NAME'],
    ]);
  });

  it('finds memory that does not fit', async () => {
    const complaints = await rehearse(await composeHost({ ...sound, memory: { slotBytes: 3000 } }, { bases }));
    expect(complaints).toMatchObject([{ code: 'FAIRLEAD_ERR_MEMORY_LAYOUT', path: 'memory.slotBytes' }]);
  });
});
