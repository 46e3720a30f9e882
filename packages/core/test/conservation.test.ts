import { DROP_REASON_COUNT, DropReason } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { accounts, assertConserved } from '../src/conservation.ts';
import { frame, macOf } from './given/frames.ts';
import { OneLoop } from './given/one-loop.ts';

describe('the accounts', () => {
  it('say of every VM and NIC, both ways, where its frames went', () => {
    const loop = new OneLoop({ shape: { vms: 2, nics: 1, txRingFrames: 8 }, batchFrames: 4 });
    loop.nics[0].room = 2;
    loop.offerMarks(0, 1, 2, 3);
    loop.offer(0, { from: macOf(1) }, { bytes: 5 });
    loop.offer(1, { to: macOf(0) });
    loop.nics[0].arriving.push(frame({ from: '06:00:00:00:00:01', to: macOf(1) }), new Uint8Array(3));
    loop.sweep(2);
    const shown = accounts(loop.outside).map(({ subject, accepted, transmitted, queued, dropped, missing }) => [
      subject,
      accepted,
      transmitted,
      queued,
      dropped,
      missing,
    ]);
    expect(shown).toEqual([
      ['vm vm0 outbound', 5, 3, 0, 2, 0],
      ['vm vm0 inbound', 1, 0, 1, 0, 0],
      ['vm vm1 outbound', 1, 1, 0, 0, 0],
      ['vm vm1 inbound', 1, 0, 1, 0, 0],
      ['nic nic0 outbound', 3, 2, 1, 0, 0],
      ['nic nic0 inbound', 2, 1, 0, 1, 0],
    ]);
    expect(() => assertConserved(loop.outside)).not.toThrow();
  });

  it('that do not balance are named, all of them, with their figures', () => {
    const loop = new OneLoop();
    loop.offerMarks(1, 1, 2);
    loop.sweep();
    loop.arena.vms.transmittedFrames[1]--;
    loop.arena.nics.txFrames[0]++;
    loop.arena.vms.rxDropped[2 * DROP_REASON_COUNT + DropReason.RingFull]++;
    expect(() => assertConserved(loop.outside)).toThrow(
      expect.objectContaining({
        code: 'FAIRLEAD_ERR_CONSERVATION',
        message: expect.stringMatching(
          /vm vm1 outbound: 2 ≠ 1 \+ 0 \+ 0 \(1 missing\); vm vm2 inbound: .*\(-1 missing\); nic nic0 outbound: .*\(-1 missing\)/,
        ),
      }),
    );
  });
});
