import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { attempt, command, type Outcome } from './support/command.ts';
import { requireParts } from './support/parts.ts';

const script = fileURLToPath(new URL('../../examples/qemu/run.sh', import.meta.url));

const parts = requireParts('examples/qemu', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

describe.skipIf(parts.skip)('examples/qemu/run.sh, with the fairlead command', () => {
  let outcome: Outcome;

  beforeAll(async () => {
    // A shell that is killed would leave its processes and its network behind; `timeout` lets it take them down first.
    outcome = await attempt(['timeout', '--kill-after=20', '140', script], { timeoutMs: 170_000 });
    if (outcome.status !== 0)
      throw new Error(`run.sh ended with ${outcome.status}: ${outcome.stdout}${outcome.stderr}`);
  });

  it('leaves no interface and no namespace behind', async () => {
    expect(await command(['ip', '-br', 'link'])).not.toMatch(/^fl-/m);
    expect(await command(['ip', 'netns'])).not.toMatch(/^fl-/m);
  });

  it('gets every ping answered: both uplinks up, and one pulled', () => {
    const pings = [...outcome.stdout.matchAll(/(\d+) packets transmitted, (\d+) packets received/g)];
    expect(pings.map(([, sent, answered]) => [sent, answered])).toEqual([
      ['3', '3'],
      ['3', '3'],
      ['5', '5'],
    ]);
  });

  it('shows guest a held to 50 Mbit/s and guest b sending on over a failover', () => {
    const rates = [...outcome.stdout.matchAll(/ ([\d.]+) Mbits\/sec +receiver/g)].map(([, rate]) => Number(rate));
    expect(rates).toHaveLength(2);
    const [shaped, failing] = rates as [number, number];
    // iperf3 counts what is in TCP segments; the limit holds for frames, and the first burst comes on top.
    // How much less they take is for the machine to say, which may be busy.
    expect(shaped).toBeGreaterThan(20);
    expect(shaped).toBeLessThan(50.5);
    expect(failing).toBeGreaterThan(5);
    const states = [...outcome.stdout.matchAll(/NIC (uplink\d) is (up|down)/g)].map(([, nic, state]) => [nic, state]);
    expect(states).toEqual([
      ['uplink0', 'down'],
      ['uplink0', 'up'],
      ['uplink1', 'down'],
      ['uplink1', 'up'],
    ]);
  });

  it('says where every frame went, and that none is missing', () => {
    expect(outcome.stdout).toContain('conserved: every frame accounted for');
    for (const subject of ['vm a', 'vm b', 'nic uplink0', 'nic uplink1']) {
      expect(outcome.stdout).toMatch(new RegExp(`^${subject} outbound +[1-9]\\d* +[1-9]\\d* +0 +0 +0$`, 'm'));
    }
  });
});
