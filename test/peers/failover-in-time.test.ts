import { createHost, type Host, type TeamMembers, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import activeBackup from '@fairlead/load-distribution-active-backup';
import memoryNic from '@fairlead/nic-driver-memory';
import { describe, expect, it } from 'vitest';
import { frame, numberOf } from '../requirements/support/frames.ts';
import { guest, MAC, nic, started } from '../requirements/support/hosts.ts';

const LINK_POLL_US = 10_000;
/** A frame every 10 µs: 100,000 a second. */
const PACE_US = 10;

/** One VM over a team of two NICs of 1 Gbit/s, under active-backup. */
async function teamed(team: TeamMembers): Promise<Host> {
  const builder = createHost().inline().announce({ count: 0 }).distribute(use(activeBackup)).team('bond', team);
  for (const name of ['A', 'B'])
    builder.nic(name, use(memoryNic, { keep: true, wireFrames: 65_536, speedBps: '1Gbps' }));
  return started(builder.vm('a', MAC.a, use(memoryDevice)));
}

/** Sends frames at 100,000 a second for a while; returns the number after the last one. */
function sendFor(host: Host, forUs: number, from: number): number {
  let number = from;
  for (const endUs = host.nowUs + forUs; host.nowUs < endUs; number++) {
    expect(guest(host, 'a').send(frame(MAC.a, { number, bytes: 100 }))).toBe(true);
    host.run(PACE_US, PACE_US);
  }
  return number;
}

const numbers = (host: Host, name: string): number[] => nic(host, name).takeTransmitted().map(numberOf);

describe('a link that goes down at 100,000 frames a second', () => {
  it('is given no frame later than 10 ms and one poll after the event, and what was queued leaves by the other', async () => {
    const host = await teamed({ active: ['A', 'B'] });
    const before = sendFor(host, 20_000, 0);
    expect(numbers(host, 'A')).toHaveLength(before);
    nic(host, 'A').setLink(false);
    const within = sendFor(host, LINK_POLL_US + 10_000, before);
    const txFrames = host.nics.status('A').txFrames;
    const end = sendFor(host, 100_000, within);
    host.run(100_000);
    expect(host.nics.status('A').txFrames).toBe(txFrames);
    // Nothing is lost but what was on the wire: every frame since has left by B, once and in order.
    const onA = numbers(host, 'A');
    const onB = numbers(host, 'B');
    expect([...onA, ...onB]).toEqual(Array.from({ length: end - before }, (_, i) => before + i));
    host.assertConserved();
  });

  it.each([100_000, 1_000_000])(
    'that flaps ten times a second moves the traffic once in a hold-down of %i µs at most',
    async (holdDownUs) => {
      const host = await teamed({ active: ['A'], standby: ['B'], holdDownMs: holdDownUs / 1000 });
      let moves = 0;
      host.on('team', () => moves++);
      let number = 0;
      const startUs = host.nowUs;
      for (let flap = 0; flap < 30; flap++) {
        nic(host, 'A').setLink(flap % 2 === 1);
        number = sendFor(host, 100_000, number);
        nic(host, 'A').takeTransmitted();
        nic(host, 'B').takeTransmitted();
      }
      expect(moves).toBeGreaterThan(0);
      expect(moves).toBeLessThanOrEqual(Math.ceil((host.nowUs - startUs) / holdDownUs));
      expect(host.vms.status('a').transmittedFrames).toBe(number);
      host.assertConserved();
    },
  );
});

describe('a thousand live changes under load', () => {
  it('of members, order, primary and current NIC lose, double and reorder nothing', async () => {
    const builder = createHost().inline().announce({ count: 0 }).distribute(use(activeBackup));
    builder.team('bond', { active: ['A', 'B'], standby: ['C'] });
    const wire: number[] = [];
    for (const name of ['A', 'B', 'C']) {
      builder.nic(name, use(memoryNic, { keep: true, wireFrames: 65_536, speedBps: '150Mbps' }));
    }
    const host = await started(builder.vm('a', MAC.a, use(memoryDevice)));
    // What the wires took within one step has no order among them; from step to step it has.
    const take = (): void => {
      const taken = ['A', 'B', 'C'].map((name) => numbers(host, name));
      for (const one of taken) expect(one).toEqual(one.toSorted((a, b) => a - b));
      wire.push(...taken.flat().sort((a, b) => a - b));
    };
    const order = [
      { active: ['A', 'B'], standby: ['C'], primary: null },
      { active: ['C', 'A'], standby: ['B'], primary: 'C' },
      { active: ['B'], standby: ['C', 'A'], primary: null },
      { active: ['A', 'B', 'C'], standby: [], primary: 'B' },
    ];
    let number = 0;
    const send = (count: number): void => {
      for (let i = 0; i < count; i++)
        expect(guest(host, 'a').send(frame(MAC.a, { number: number++, bytes: 100 }))).toBe(true);
    };
    for (let change = 0; change < 1000; change++) {
      // More than has left by the time of the change, and more behind it.
      send(24);
      host.run(6 * PACE_US, PACE_US);
      if (change % 5 === 4) {
        const { serving } = host.teams.status('bond');
        host.teams.setActive('bond', serving.at(-1) as string, host.nowUs);
      } else host.teams.edit('bond', order[change % order.length], host.nowUs);
      send(6);
      for (let step = 0; step < 16; step++) {
        host.run(PACE_US, PACE_US);
        take();
      }
    }
    host.run(1_000_000);
    take();
    expect(wire).toEqual(Array.from({ length: number }, (_, i) => i));
    expect(host.teams.moves.length).toBeGreaterThan(200);
    host.assertConserved();
  });
});
