import { definePlugin, type FrameBurst, type PluginDefinition } from '../../src/index.ts';
import type { MakeNicNetwork } from '../../src/testing/index.ts';
import cable, { CableNic, cableOptions } from '../reference/cable-nic.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugin.ts';

const network: MakeNicNetwork = (arriving) => ({
  deliver: (nic) => (nic as CableNic).give(arriving),
  sent: (nic) => (nic as CableNic).wire,
});

/** A cable NIC of which `change` gives some hooks anew; it is called once for each instance. */
function broken(
  law: string,
  mistake: string,
  makeChange: () => (nic: CableNic) => object,
  also: readonly string[] = [],
): BrokenPlugin {
  return {
    law,
    mistake,
    also,
    given: { network },
    plugin: () => {
      const change = makeChange();
      class Broken extends CableNic {
        constructor(...parts: ConstructorParameters<typeof CableNic>) {
          super(...parts);
          Object.assign(this, change(this));
        }
      }
      const plugin = definePlugin({
        kind: 'nic-driver',
        name: 'broken',
        apiVersion: 1,
        options: cableOptions,
        implementation: Broken,
      });
      return plugin as unknown as PluginDefinition;
    },
  };
}

/** The hook of the NIC that is changed, as it was. */
function was<K extends 'send' | 'receive' | 'put' | 'wakeUp' | 'nextEventUs'>(nic: CableNic, hook: K): CableNic[K] {
  return CableNic.prototype[hook].bind(nic) as CableNic[K];
}

const STALLED = [
  'takes a clock that stands still or leaps by hours',
  'plays each role that a host gives it',
  'says when it goes on, and goes on then',
];

export const nicDriver: BrokenPlugins = {
  right: [() => cable as unknown as PluginDefinition],
  broken: [
    broken(
      'starts with an empty configuration, and with every option at its bounds',
      'it divides by an option that may be 0, and throws',
      () =>
        ({ options: { latencyUs } }) => {
          if (latencyUs === 1000) throw new RangeError('Invalid array length');
          return {};
        },
    ),
    broken(
      'takes frames from the front of the burst, at most those it was offered',
      'says that it took a frame of an empty burst',
      () => (nic) => ({ send: (burst: FrameBurst) => (burst.count === 0 ? 1 : was(nic, 'send')(burst)) }),
    ),
    broken('takes the frames that it fails', 'fails the first frame for which it has no room', () => (nic) => ({
      send(burst: FrameBurst) {
        const taken = was(nic, 'send')(burst);
        burst.fail(taken);
        return taken;
      },
    })),
    broken('leaves what it sends as it is', 'writes a checksum into the slot that it sends from', () => (nic) => ({
      send(burst: FrameBurst) {
        const taken = was(nic, 'send')(burst);
        if (taken > 0) burst.memory[burst.offset[0] + burst.bytes[0] - 1] ^= 0xff;
        return taken;
      },
    })),
    broken(
      'writes what it receives to the slots it was given alone',
      'ends each frame with a zero, behind the slot when the frame fills it',
      () => (nic) => ({
        receive(burst: FrameBurst) {
          const count = was(nic, 'receive')(burst);
          if (count > 0) burst.memory[burst.offset[count - 1] + burst.maxFrameBytes] = 0;
          return count;
        },
      }),
    ),
    broken(
      'receives no more than it has slots for, and cuts what is longer than a slot',
      'tells the length on the wire, not what fits',
      () => (nic) => ({
        receive(burst: FrameBurst) {
          const count = was(nic, 'receive')(burst);
          for (let i = 0; i < count; i++) if (burst.bytes[i] > burst.maxFrameBytes) burst.bytes[i] = 9600;
          return count;
        },
      }),
    ),
    broken('tells of its link at any time', 'has no number for the speed until it has asked', () => () => ({
      link: () => ({ up: true, speedBps: Number.NaN }),
    })),
    broken('leaves the tables to their writers', 'books what is pending itself', () => (nic) => ({
      send(burst: FrameBurst) {
        nic.nics.pendingBytes[0] -= 1;
        return was(nic, 'send')(burst);
      },
    })),
    broken('says when it goes on, and goes on then', 'names a time that has passed', () => (nic) => ({
      nextEventUs: (nowUs: number) => Math.min(was(nic, 'nextEventUs')(nowUs), nowUs - 1),
    })),
    broken(
      'takes every frame in the end, while its link is up',
      'waits for room for a frame that it can never take',
      () => (nic) => ({
        send(burst: FrameBurst) {
          if (burst.count > 0 && burst.bytes[0] > 1500) return 0;
          const count = burst.bytes.subarray(0, burst.count).findIndex((bytes) => bytes > 1500);
          if (count > 0) burst.count = count;
          return was(nic, 'send')(burst);
        },
      }),
      [...STALLED, 'leaves what it sends as it is'],
    ),
    broken('takes a clock that stands still or leaps by hours', 'counts microseconds in 32 bits', () => (nic) => ({
      send: (burst: FrameBurst) => (burst.nowUs > 2 ** 31 ? 0 : was(nic, 'send')(burst)),
    })),
    broken(
      'keeps nothing of a burst',
      'copies a frame only when it is looked at',
      () => (nic) => {
        const sent: (() => Uint8Array)[] = [];
        return {
          put({ memory, offset, bytes }: FrameBurst, i: number) {
            const [at, end] = [offset[i], offset[i] + bytes[i]];
            sent.push(() => memory.slice(at, end));
          },
          close: async () => void nic.wire.push(...sent.map((look) => look())),
        };
      },
      ['carries every frame as it is, in order, both ways'],
    ),
    broken(
      'carries every frame as it is, in order, both ways',
      'pads nothing and loses what is short',
      () => (nic) => ({
        put(burst: FrameBurst, i: number) {
          if (burst.bytes[i] >= 60) was(nic, 'put')(burst, i);
        },
      }),
    ),
    broken(
      'wakes once for each time it is armed, and not when it is disarmed',
      'goes on waking a host that is awake',
      () => (nic) => {
        let woken: (() => void) | undefined;
        return {
          arm: (wake: () => void) => {
            woken = wake;
            return () => undefined;
          },
          wakeUp: () => woken?.() ?? was(nic, 'wakeUp')(),
        };
      },
    ),
    broken('works alike in two instances, which share nothing', 'has one device for all instances', () => {
      let users = 0;
      return (nic) => ({
        open: async () => void users++,
        close: async () => void users--,
        send(burst: FrameBurst) {
          const taken = was(nic, 'send')(burst);
          if (users > 1 && taken > 0) burst.fail(0);
          return taken;
        },
      });
    }),
    broken('plays each role that a host gives it', 'has the first queue alone', () => (nic) => ({
      send(burst: FrameBurst) {
        if (nic.nic.queue > 0) throw new TypeError('queue is undefined');
        return was(nic, 'send')(burst);
      },
    })),
    broken(
      'gives everything back, also when it was never opened',
      'closes a socket that may not be there',
      () => () => {
        let socket: object | undefined;
        return {
          open: async () => {
            socket = {};
          },
          close: async () => {
            if (socket === undefined) throw new TypeError("cannot read 'fd' of undefined");
          },
        };
      },
      ['starts with an empty configuration, and with every option at its bounds'],
    ),
  ],
};
