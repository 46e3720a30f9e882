import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('given/host-after-imports.mjs', import.meta.url));

/** Runs a host after these imports; returns what became of its frames. */
function outcomeAfter(...imports: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...imports], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const policies = [
  '@fairlead/admission-shaping-filter',
  '@fairlead/admission-proportional-share',
  '@fairlead/load-distribution-pending-load',
];
const [a, b, c] = policies as [string, string, string];
const permutations = [
  [a, b, c],
  [a, c, b],
  [b, a, c],
  [b, c, a],
  [c, a, b],
  [c, b, a],
];

describe('the order in which plugins are loaded', () => {
  const expected = outcomeAfter();

  it('is tried on a host that moves frames', () => {
    const { vms, nics } = JSON.parse(expected) as Record<string, { transmittedFrames: number; txFrames: number }[]>;
    for (const vm of vms ?? []) expect(vm.transmittedFrames).toBeGreaterThan(10);
    for (const nic of nics ?? []) expect(nic.txFrames).toBeGreaterThan(10);
  });

  it.each(permutations)('changes nothing: %s, %s, %s', (...order) => {
    expect(outcomeAfter(...order)).toBe(expected);
  });

  it('changes nothing when plugins that nobody uses are among them, the sdk last', () => {
    const others = ['@fairlead/nic-driver-pcap', '@fairlead/load-distribution-round-robin', '@fairlead/sdk'];
    expect(outcomeAfter(...others, ...policies)).toBe(expected);
  });
});
