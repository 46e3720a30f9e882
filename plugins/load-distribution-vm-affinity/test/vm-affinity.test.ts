import { isFairleadError, isPluginDefinition, macWord0, macWord1, parseMac, type VmTable } from '@fairlead/sdk';
import {
  conformanceLaws,
  loadDistributionLaws,
  PolicyTester,
  type TestNicTable,
  testBatch,
  testNics,
  testVms,
} from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import definition, { VmAffinity } from '../src/index.ts';

const nicOf = (policy: VmAffinity, vm: number): number => {
  const batch = testBatch([64, 1514, 64], { vm });
  policy.select(batch);
  expect(new Set(batch.nic.subarray(0, 3)).size).toBe(1);
  return batch.nic[0];
};

const nicsOf = (policy: VmAffinity, vms: VmTable): number[] => vms.names.map((_, vm) => nicOf(policy, vm));

function team(nicCount: number, vmCount: number): { nics: TestNicTable; vms: VmTable } {
  return {
    nics: testNics(Array(nicCount).fill(1e9)),
    vms: testVms(Array.from({ length: vmCount }, () => ({}))),
  };
}

function thrownBy(make: () => unknown): { code?: string; message: string } {
  try {
    make();
  } catch (error) {
    if (isFairleadError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('vm-affinity', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(definition)).toBe(true);
    expect([definition.kind, definition.name]).toEqual(['load-distribution', 'vm-affinity']);
  });

  it('sends VM A over NIC 0 and VM B over NIC 1, over the other while one is down, and back after', () => {
    const { nics, vms } = team(2, 2);
    const policy = new VmAffinity(nics, vms, { pins: { vm0: 'nic0', vm1: 'nic1' } });
    const seen: string[] = [];
    for (const available of [[0, 1], [1], [0, 1], [0], [0, 1]]) {
      nics.setAvailable(...available);
      seen.push(`${available.join('+')} up: A over ${nicOf(policy, 0)}, B over ${nicOf(policy, 1)}`);
    }
    expect(seen).toEqual([
      '0+1 up: A over 0, B over 1',
      '1 up: A over 1, B over 1',
      '0+1 up: A over 0, B over 1',
      '0 up: A over 0, B over 0',
      '0+1 up: A over 0, B over 1',
    ]);
  });

  it('goes down the list of preferences, then to the next NIC in number', () => {
    const { nics, vms } = team(5, 1);
    const policy = new VmAffinity(nics, vms, { pins: { vm0: ['nic3', 'nic1'] } });
    const chosen = [[0, 1, 2, 3, 4], [0, 1, 2, 4], [0, 2, 4], [0, 4], [0], [0, 1, 4], [0, 3]].map((available) => {
      nics.setAvailable(...available);
      return nicOf(policy, 0);
    });
    expect(chosen).toEqual([3, 1, 2, 4, 0, 1, 3]);
  });

  it('goes round to the first NIC behind the last', () => {
    const { nics, vms } = team(3, 1);
    const policy = new VmAffinity(nics, vms, { pins: { vm0: 'nic2' } });
    nics.setAvailable(0, 1);
    expect(nicOf(policy, 0)).toBe(0);
  });

  it('spreads VMs that are not pinned by their number', () => {
    const { nics, vms } = team(3, 7);
    expect(nicsOf(new VmAffinity(nics, vms, { pins: {} }), vms)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  it('deals the VMs of a NIC that is down out to all others, and moves nobody else', () => {
    const { nics, vms } = team(3, 12);
    const policy = new VmAffinity(nics, vms, { pins: {} });
    nics.setAvailable(0, 2);
    expect(nicsOf(policy, vms)).toEqual([0, 2, 2, 0, 0, 2, 0, 2, 2, 0, 0, 2]);
    nics.setAvailable(0, 1, 2);
    expect(nicsOf(policy, vms)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('keeps the NICs of a VM the same whatever is pending on them', () => {
    const { nics, vms } = team(2, 2);
    const policy = new VmAffinity(nics, vms, { pins: { vm1: 'nic0' } });
    nics.pendingBytes[0] = 1e9;
    expect(nicsOf(policy, vms)).toEqual([0, 0]);
  });

  it('takes a VM by its MAC, however that is written', () => {
    const { nics, vms } = team(3, 2);
    const mac = parseMac('52:54:00:ab:cd:ef');
    vms.macWord0[1] = macWord0(mac);
    vms.macWord1[1] = macWord1(mac);
    for (const key of ['52:54:00:ab:cd:ef', '52-54-00-AB-CD-EF', 'vm1']) {
      expect(nicOf(new VmAffinity(nics, vms, { pins: { [key]: 'nic2' } }), 1)).toBe(2);
    }
  });

  it('names the option, and the names there are, when no VM is called so', () => {
    const { nics, vms } = team(2, 2);
    const error = thrownBy(() => new VmAffinity(nics, vms, { pins: { web: 'nic0' } }));
    expect(error.code).toBe('FAIRLEAD_ERR_CONFIG_NAME');
    expect(error.message).toBe(
      'no VM is called "web" (at options.pins.web); use one of vm0, vm1 [FAIRLEAD_ERR_CONFIG_NAME]',
    );
  });

  it('names the place in the list when no NIC is called so', () => {
    const { nics, vms } = team(2, 1);
    expect(thrownBy(() => new VmAffinity(nics, vms, { pins: { vm0: ['nic0', 'eth9'] } })).message).toContain(
      'no NIC is called "eth9" (at options.pins.vm0[1]); use one of nic0, nic1',
    );
    expect(thrownBy(() => new VmAffinity(nics, vms, { pins: { vm0: 'eth9' } })).message).toContain(
      '(at options.pins.vm0)',
    );
  });

  it('refuses a VM that is pinned by name and by MAC', () => {
    const { nics, vms } = team(2, 1);
    const pins = { vm0: 'nic0', '52:54:00:00:00:00': 'nic1' };
    expect(thrownBy(() => new VmAffinity(nics, vms, { pins })).message).toContain('VM "vm0" is pinned twice');
  });

  it('does not list thousands of names', () => {
    const { nics, vms } = team(1, 3000);
    expect(thrownBy(() => new VmAffinity(nics, vms, { pins: { x: 'nic0' } })).message).toMatch(
      /vm19, … \(3000 in all\)/,
    );
  });
});

describe('as every load distribution, vm-affinity', () => {
  it.each(conformanceLaws(definition, { options: [{ pins: { vm0: 'nic0' } }] }))('$name', ({ check }) =>
    expect(check).not.toThrow(),
  );
});

describe('vm-affinity with pins in an order', () => {
  const laws = loadDistributionLaws(({ nics, vms }) => {
    const last = nics.names[nics.count - 1];
    return new VmAffinity(nics, vms, { pins: { vm0: [last, nics.names[0]] } });
  });
  it.each(laws)('$name', ({ check }) => expect(check).not.toThrow());
});

describe('a table of cases', () => {
  const nics = ['1Gbps', '1Gbps', '1Gbps'];
  const vms = [{ name: 'web' }, { name: 'db' }];
  const pinned = { pins: { db: ['nic2', 'nic0'] } };
  const tests = new PolicyTester(definition).run('vm-affinity', {
    cases: [
      {
        name: 'each VM has a NIC of its own',
        nics,
        vms,
        frames: [{ bytes: [64, 1514] }, { vm: 1, bytes: [64] }],
        expect: { nics: ['nic0', 'nic0', 'nic1'] },
      },
      {
        name: 'a pinned VM has its first NIC that is there, and goes back to it',
        options: pinned,
        nics,
        vms,
        frames: [
          { vm: 1, bytes: [64] },
          { vm: 1, bytes: [64], available: ['nic0', 'nic1'] },
          { vm: 1, bytes: [64], available: ['nic0', 'nic2'] },
        ],
        expect: { nics: ['nic2', 'nic0', 'nic2'] },
      },
      {
        name: 'with all its NICs gone, the next one serves',
        options: pinned,
        nics: ['1Gbps', '1Gbps', { available: false }, '1Gbps'],
        vms,
        frames: [{ vm: 1, bytes: [64], available: ['nic1', 'nic3'] }],
        expect: { nics: ['nic1'] },
      },
    ],
  });
  it.each(tests)('$name', ({ check }) => expect(check).not.toThrow());
});
