import { type Host, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { BYTE_PER_US, enableOnly, given, guest, MAC, nic, settle, simulatedHost, started } from './support/hosts.ts';

const LINK_POLL_US = 10_000;

/** What changes of the state of the NICs between the two sets of data, and nothing else. */
const CHANGES: { what: string; before: (host: Host) => void; change: (host: Host) => void }[] = [
  {
    what: 'what is pending on them',
    before: () => undefined,
    change: (host) => {
      enableOnly(host, ['nic0']);
      guest(host, 'b').sendAll(frames(50, MAC.b));
      settle(host);
      enableOnly(host, ['nic0', 'nic1']);
    },
  },
  {
    what: 'their speeds',
    before: (host) => nic(host, 'nic0').setSpeed(100 * BYTE_PER_US),
    change: (host) => {
      nic(host, 'nic0').setSpeed(BYTE_PER_US);
      nic(host, 'nic1').setSpeed(100 * BYTE_PER_US);
    },
  },
  {
    what: 'which of them are available',
    before: (host) => host.nics.setAdmin('nic1', false),
    change: (host) => {
      host.nics.setAdmin('nic1', true);
      host.nics.setAdmin('nic0', false);
    },
  },
];

describe("requirement 35: one VM's data is spread over the NICs by the state of the NICs", () => {
  it.each(CHANGES)('its two sets leave over two NICs as nothing but $what changes', async ({ before, change }) => {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {} }).distribute(use(pendingLoad)),
    );
    const sendASet = (): Record<string, number> => {
      const set = given(host, () => guest(host, 'a').sendAll(frames(2, MAC.a)));
      host.run(LINK_POLL_US); // sent, and the links looked at
      return set;
    };
    before(host);
    host.run(LINK_POLL_US);
    expect(sendASet()).toEqual({ nic0: 2000 });
    change(host);
    // Not so long that what is pending would be gone.
    host.run(LINK_POLL_US);
    expect(sendASet()).toEqual({ nic1: 2000 });
    host.assertConserved();
  });
});
