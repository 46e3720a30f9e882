import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkValue, DISTRIBUTION_PRESETS } from '@fairlead/core';
import { quantity, type Unit } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hostSchema, hostSchemaText } from '../src/schema/host-schema.ts';
import { quantityPattern, SUFFIXES } from '../src/schema/quantity-text.ts';

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const schema = await hostSchema();

/** Paths of what ajv, by way of the host's own checker, finds wrong with a written configuration. */
function wrongPaths(written: unknown): string[] {
  return checkValue(schema, written, 'FAIRLEAD_ERR_CONFIG_INVALID').complaints.map(({ path }) => path);
}

const right = {
  nics: [{ name: 'up0', driver: { use: 'memory', options: { speedBps: '1Gbps', latencyUs: 20 } } }],
  vms: [{ name: 'a', mac: '52:54:00:00:00:01', device: { use: 'memory' } }],
};
const withNic = (driver: unknown) => ({ ...right, nics: [{ name: 'up0', driver }] });

describe('the published schema', () => {
  it('is the one that is generated: npx fairlead schema > packages/cli/schema/host.schema.json', async () => {
    expect(readFileSync(folder('../schema/host.schema.json'), 'utf8')).toBe(await hostSchemaText());
  });

  const examples = [
    '../demo.yaml',
    ...readdirSync(folder('../../../examples'))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => `../../../examples/${name}`),
  ];

  it.each(examples)('accepts %s, which names it for editors', (path) => {
    const text = readFileSync(folder(path), 'utf8');
    expect(wrongPaths(parse(text))).toEqual([]);
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    expect(fileURLToPath(new URL(named, new URL(path, import.meta.url)))).toBe(folder('../schema/host.schema.json'));
  });

  it('accepts a plugin of someone else with whatever options', () => {
    expect(wrongPaths(withNic({ use: './my-nic.js', options: { anything: 1 } }))).toEqual([]);
  });

  it.each([
    ['a key that does not exist', { ...right, admision: {} }, 'admision'],
    [
      'an option that the plugin does not have',
      withNic({ use: 'memory', options: { spedBps: 1 } }),
      'nics[0].driver.options.spedBps',
    ],
    [
      'the same under the name of its package',
      withNic({ use: '@fairlead/nic-driver-memory', options: { spedBps: 1 } }),
      'nics[0].driver.options.spedBps',
    ],
    [
      'a size where a rate belongs',
      withNic({ use: 'memory', options: { speedBps: '64KiB' } }),
      'nics[0].driver.options.speedBps',
    ],
    ['a role that no NIC has', { ...right, nics: [{ ...right.nics[0], role: 'spare' }] }, 'nics[0].role'],
    ['options that must be there', withNic({ use: 'af-packet' }), 'nics[0].driver.options'],
    [
      'options whose required key is missing',
      withNic({ use: 'af-packet', options: {} }),
      'nics[0].driver.options.interface',
    ],
    ['a host without VMs', { nics: right.nics }, 'vms'],
    [
      'a fallback that is no plugin',
      { ...right, admission: { use: 'shaping-filter', fallback: 'none' } },
      'admission.fallback',
    ],
  ])('refuses %s', (_, written, path) => {
    expect(wrongPaths(written)).toContain(path);
  });

  it('refuses a VM with neither a device nor a port', () => {
    expect(wrongPaths({ ...right, vms: [{ name: 'a', mac: '52:54:00:00:00:01' }] })).toContain('vms[0]');
  });

  it('knows the options of a name that operators know', () => {
    const distribution = { use: 'balance-slb', options: { intervalMs: '1s', thresold: 1 } };
    expect(wrongPaths({ ...right, distribution })).toContain('distribution.options.thresold');
  });

  it('names every bundled plugin in the place of its kind', () => {
    const names = (kind: string) =>
      (schema['definitions'] as Record<string, { properties: { use: { anyOf: [{ enum: string[] }] } } }>)[kind]
        ?.properties.use.anyOf[0].enum;
    expect(names('nic-driver')).toEqual(['af-packet', 'memory', 'pcap']);
    expect(names('device-emulator')).toEqual(['memory', 'qemu-stream', 'tap']);
    expect(names('load-distribution')).toEqual([
      'active-backup',
      'flow-hash',
      'load-rebalance',
      'originating-port',
      'pending-load',
      'round-robin',
      'vm-affinity',
      'weighted',
      ...Object.keys(DISTRIBUTION_PRESETS),
    ]);
    expect(names('link-monitor')).toEqual(['beacon', 'lacp', 'probe']);
    expect(names('hypervisor')).toEqual(['qemu', 'simulated']);
    expect(names('responder')).toEqual([
      'delay-interrupt',
      'delay-scheduling',
      'failover',
      'migrate',
      'rate-limit',
      'suspend',
    ]);
  });
});

describe('quantities in the schema', () => {
  it.each(
    Object.entries(SUFFIXES).flatMap(([unit, suffixes]) => suffixes.map((suffix) => [unit as Unit, suffix] as const)),
  )('a quantity in %s may be written with %s, as the host reads it', (unit, suffix) => {
    for (const text of [`2${suffix}`, `2.5 ${suffix.toUpperCase()}`, ` 2${suffix.toLowerCase()} `]) {
      expect(text).toMatch(new RegExp(quantityPattern(unit)));
      expect(quantity(text, unit)).toBeGreaterThan(0);
    }
  });

  it('may not be negative, without a number, or in another unit', () => {
    for (const text of ['-2Mbps', 'Mbps', '2', '2KiB', '2Mbps.'])
      expect(text).not.toMatch(new RegExp(quantityPattern('bps')));
  });
});
