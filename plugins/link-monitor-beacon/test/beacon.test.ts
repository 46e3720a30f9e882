import { conformanceLaws, TestMembers } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BEACON_TYPE, BeaconCodec } from '../src/beacon-frame.ts';
import plugin from '../src/index.ts';
import { KEY, Network } from './cable.ts';

const SECOND_US = 1e6;

describe('beacons between three members', () => {
  it('find the one that is cut off after three intervals, and give it back when it is heard again', () => {
    const network = new Network([0, 1, 2]);
    network.run(1.5 * SECOND_US);
    expect(network.verdicts).toBe('up up up');
    network.cut(1);
    network.run(2 * SECOND_US);
    expect(network.verdicts).toBe('up up up');
    network.run(2 * SECOND_US);
    expect(network.verdicts).toBe('up down up');
    expect(network.monitor.explain(1)).toBe('it neither hears beacons nor is heard (0, 2 do)');
    network.cut(1, false);
    network.run(2.1 * SECOND_US);
    expect(network.verdicts).toBe('up up up');
  });

  it.each([
    ['mute', 'it hears beacons, and nobody hears its own (0, 1 do)'],
    ['deaf', 'its beacons are heard, and it hears none (0, 1 do)'],
  ] as const)('find one that is %s', (side, why) => {
    const network = new Network([0, 1, 2]);
    network.run(1.5 * SECOND_US);
    network[side].add(2);
    network.run(5 * SECOND_US);
    expect([network.verdicts, network.monitor.explain(2)]).toEqual(['up up down', why]);
  });

  it('blame nobody when no two hear each other', () => {
    const network = new Network([0, 1, 2]);
    network.run(1.5 * SECOND_US);
    for (const nic of [0, 1, 2]) network.cut(nic);
    network.run(5 * SECOND_US);
    expect(network.verdicts).toBe('ambiguous ambiguous ambiguous');
  });

  it('say nothing before there was time to hear', () => {
    const network = new Network([0, 1, 2]);
    for (const nic of [0, 1, 2]) network.cut(nic);
    network.run(2.9 * SECOND_US);
    expect(network.verdicts).toBe('unknown unknown unknown');
  });

  it('leave a NIC without a link, and one that had no room for its beacons, out of account', () => {
    const network = new Network([0, 1, 2]);
    network.port.down.add(0);
    network.port.full.add(1);
    network.run(10 * SECOND_US);
    expect(network.verdicts).toBe('unknown unknown ambiguous');
    network.port.full.delete(1);
    network.run(SECOND_US);
    expect(network.verdicts).toBe('unknown up up');
  });

  it('blame nobody for silence while the host stood still', () => {
    const network = new Network([0, 1, 2]);
    network.run(1.5 * SECOND_US);
    network.nowUs += 3600 * SECOND_US;
    network.monitor.poll(network.nowUs);
    expect(network.verdicts).toBe('unknown unknown unknown');
  });
});

describe('beacons between two members', () => {
  it('never say which of them it is', () => {
    const network = new Network([0, 1]);
    network.run(1.5 * SECOND_US);
    expect(network.verdicts).toBe('up up');
    network.mute.add(0);
    network.run(60 * SECOND_US);
    expect(network.verdicts).toBe('ambiguous ambiguous');
    network.deaf.add(0);
    network.run(60 * SECOND_US);
    expect(network.verdicts).toBe('ambiguous ambiguous');
  });
});

describe('a network in parts', () => {
  it('is up where most members are; the smaller part is ambiguous, one alone is down', () => {
    const network = new Network([0, 1, 2, 3, 4, 5]);
    const part = (nic: number): number => (nic < 3 ? 0 : nic < 5 ? 1 : 2);
    network.flood = (from, frame) => {
      for (const nic of network.port.members)
        if (nic !== from && part(nic) === part(from)) network.monitor.receive(nic, frame.slice(), network.nowUs);
    };
    network.run(5 * SECOND_US);
    expect(network.verdicts).toBe('up up up ambiguous ambiguous down');
  });
});

describe('a beacon', () => {
  const port = new TestMembers([0, 1]);

  it('goes over every member, 60 bytes of its own type to a group address, once an interval', () => {
    const network = new Network([0, 1, 2]);
    network.monitor.poll(0);
    const sent = network.port.take();
    expect(sent.map(({ nic, frame }) => [nic, frame.length, frame[0], frame[11]])).toEqual([
      [0, 60, 3, 0],
      [1, 60, 3, 1],
      [2, 60, 3, 2],
    ]);
    expect(network.port.listened).toEqual([{ etherType: BEACON_TYPE, group: true }]);
    expect(network.monitor.poll(999_999)).toBe(1_000_000);
    expect(network.port.take()).toEqual([]);
  });

  it.each([
    ['made with another key', new BeaconCodec('another secret here', '02:fa:1e:ad:00:00 team')],
    ['of another host', new BeaconCodec(KEY, '02:fa:1e:ad:01:00 team')],
    ['of another team', new BeaconCodec(KEY, '02:fa:1e:ad:00:00 other')],
  ])('%s is not heard', (_what, stranger) => {
    const network = new Network([0, 1, 2]);
    network.run(1.5 * SECOND_US);
    network.cut(1);
    for (let i = 1; i < 2000; i++) {
      network.run(10_000);
      for (const [from, to] of [
        [0, 1],
        [1, 0],
        [1, 2],
      ] as const) {
        network.monitor.receive(to, stranger.encode(port.address(from), { nic: from, sequence: i }), network.nowUs);
      }
    }
    expect(network.verdicts).toBe('up down up');
  });

  it('that somebody kept is not heard a second time', () => {
    const network = new Network([0, 1, 2]);
    const kept: { from: number; frame: Uint8Array }[] = [];
    const { flood } = network;
    network.flood = (from, frame) => {
      kept.push({ from, frame: frame.slice() });
      flood.call(network, from, frame);
    };
    network.run(1.5 * SECOND_US);
    network.cut(1);
    for (let i = 0; i < 500; i++) {
      network.run(10_000);
      for (const { from, frame } of kept)
        for (const nic of [0, 1, 2]) if (nic !== from) network.monitor.receive(nic, frame, network.nowUs);
    }
    expect(network.verdicts).toBe('up down up');
  });

  it('is read as it was written, and any change of a byte makes it nothing', () => {
    const codec = new BeaconCodec(KEY, 'me');
    const frame = codec.encode(port.address(1), { nic: 1, sequence: 77 });
    expect(codec.decode(frame)).toEqual({ nic: 1, sequence: 77 });
    for (let at = 0; at < 52; at++) {
      const changed = frame.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(codec.decode(changed), `byte ${at}`).toBeUndefined();
    }
  });

  it('may be any bytes', () => {
    const codec = new BeaconCodec(KEY, 'me');
    const real = codec.encode(port.address(1), { nic: 1, sequence: 1 });
    const near = fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.nat(60)).map(([bytes, at]) => {
      const made = new Uint8Array(60);
      made.set(real);
      made.set(bytes.subarray(0, 60 - at), at);
      return made.subarray(0, 60 - (bytes.length % 20));
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2048 }), near), (bytes) => {
        const decoded = codec.decode(bytes);
        expect(decoded === undefined || Buffer.compare(bytes.subarray(0, 52), real.subarray(0, 52)) === 0).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('beacon keeps the laws of its kind', () => {
  it.each(conformanceLaws(plugin, { options: [{ key: KEY }] }))('$name', async ({ check }) =>
    expect(await check()).toBeUndefined(),
  );
});
