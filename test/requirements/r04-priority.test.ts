import proportionalShare from '@fairlead/admission-proportional-share';
import { use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { frames, sourceOf } from './support/frames.ts';
import { guest, MAC, simulatedHost, started, takeSent } from './support/hosts.ts';

const FRAMES = 200;

describe('requirement 4: the state of a VM says its priority relative to the other VMs', () => {
  /** Two VMs contend for one NIC with as many frames each; the letters of the VMs in the order of the wire. */
  async function orderOnTheWire(priority: { a: number; b: number }): Promise<string> {
    const host = await started(
      simulatedHost([100e6], {
        a: { bandwidth: { priority: priority.a } },
        b: { bandwidth: { priority: priority.b } },
      }).admit(use(proportionalShare)),
    );
    guest(host, 'a').sendAll(frames(FRAMES, MAC.a));
    guest(host, 'b').sendAll(frames(FRAMES, MAC.b));
    host.run(100_000);
    const order = takeSent(host)[0].map((seen) => (sourceOf(seen) === MAC.a ? 'a' : 'b'));
    expect(order).toHaveLength(2 * FRAMES);
    host.assertConserved();
    return order.join('');
  }

  it('under contention the VM of the higher priority is served first, to its last frame', async () => {
    expect(await orderOnTheWire({ a: 2, b: 1 })).toBe('a'.repeat(FRAMES) + 'b'.repeat(FRAMES));
  });

  it('whichever of them it is: but for what was on the NIC before the other came', async () => {
    const order = await orderOnTheWire({ a: 1, b: 2 });
    const first = order.indexOf('b');
    // a was first to be asked, when the NIC's queue was empty: what lies there, 1 ms at the NIC's speed, stays.
    expect(first).toBeLessThanOrEqual(14);
    expect(order).toBe('a'.repeat(first) + 'b'.repeat(FRAMES) + 'a'.repeat(FRAMES - first));
  });

  it('at equal priority neither goes before the other', async () => {
    const order = await orderOnTheWire({ a: 1, b: 1 });
    const half = order.slice(0, FRAMES);
    const ofA = [...half].filter((vm) => vm === 'a').length;
    expect(ofA).toBeGreaterThan(FRAMES * 0.45);
    expect(ofA).toBeLessThan(FRAMES * 0.55);
  });
});
