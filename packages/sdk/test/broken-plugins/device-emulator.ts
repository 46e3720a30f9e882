import {
  type DeviceEmulator,
  definePlugin,
  type FrameBurst,
  Options,
  type PluginDefinition,
  Port,
  Type,
  type VnicPort,
} from '../../src/index.ts';
import type { MakeGuest } from '../../src/testing/index.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugin.ts';

const RETRY_US = 100;
const FRAMES_A_POLL = 64;
const options = Type.Object(
  { copies: Type.Integer({ default: 1, minimum: 1, maximum: 8 }) },
  { additionalProperties: false },
);

/** A guest that sends what it is told to and takes everything. It keeps every law. */
class Guest implements DeviceEmulator {
  static readonly inject = [Options, Port];
  outbox: Uint8Array[] = [];
  readonly inbox: Uint8Array[] = [];
  readonly burst: FrameBurst;
  running = true;
  wake: (() => void) | undefined;

  constructor(
    readonly options: { copies: number },
    readonly port: VnicPort,
  ) {
    this.burst = port.createBurst(FRAMES_A_POLL);
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  attach(wake: () => void): void {
    this.wake = wake;
  }

  setRunning(running: boolean): void {
    this.running = running;
    if (running) this.wake?.();
  }

  poll(nowUs: number): number {
    if (!this.running) return Number.POSITIVE_INFINITY;
    this.take();
    this.give();
    return this.outbox.length > 0 ? nowUs + RETRY_US : Number.POSITIVE_INFINITY;
  }

  take(): void {
    const { memory, offset, bytes } = this.burst;
    const count = this.port.pull(this.burst);
    for (let i = 0; i < count; i++) this.inbox.push(memory.slice(offset[i], offset[i] + bytes[i]));
    this.port.release(count);
  }

  give(): void {
    while (this.outbox.length > 0 && this.push(this.outbox[0])) this.outbox.shift();
    this.port.flush();
  }

  push(frame: Uint8Array): boolean {
    return this.port.push(frame, 0, frame.length);
  }

  /** What the guest wants to send. */
  send(frames: readonly Uint8Array[]): void {
    this.outbox.push(...frames);
    this.wake?.();
  }

  misbehave(_bytes: Uint8Array): void {}
}

const guest: MakeGuest = () => ({
  send: (device, frames) => {
    (device as Guest).send(frames);
    return undefined;
  },
  received: (device) => (device as Guest).inbox,
  misbehave: (device, bytes) => (device as Guest).misbehave(bytes),
});

function right(): PluginDefinition {
  const plugin = definePlugin({
    kind: 'device-emulator',
    name: 'guest',
    apiVersion: 1,
    options,
    implementation: Guest,
  });
  return plugin as unknown as PluginDefinition;
}

/** A guest of which `change` gives some hooks anew; it is called once for each instance. */
function broken(
  law: string,
  mistake: string,
  makeChange: () => (guest: Guest) => object,
  also: readonly string[] = [],
): BrokenPlugin {
  return {
    law,
    mistake,
    also,
    given: { guest },
    plugin: () => {
      const change = makeChange();
      class Broken extends Guest {
        constructor(...parts: ConstructorParameters<typeof Guest>) {
          super(...parts);
          Object.assign(this, change(this));
        }
      }
      const plugin = definePlugin({
        kind: 'device-emulator',
        name: 'broken',
        apiVersion: 1,
        options,
        implementation: Broken,
      });
      return plugin as unknown as PluginDefinition;
    },
  };
}

function was<K extends 'poll' | 'take' | 'give' | 'push' | 'setRunning'>(device: Guest, hook: K): Guest[K] {
  return Guest.prototype[hook].bind(device) as Guest[K];
}

export const deviceEmulator: BrokenPlugins = {
  right: [right],
  broken: [
    broken(
      'starts with an empty configuration, and with every option at its bounds',
      'makes fewer buffers than an option may ask for',
      () =>
        ({ options: { copies } }) => {
          if (copies === 8) throw new RangeError('Invalid typed array length: -1');
          return {};
        },
    ),
    broken(
      'says when it wants to be polled: now at the earliest',
      'forgets to say when it has nothing to do',
      () => (device) => ({
        poll(nowUs: number) {
          const dueUs = was(device, 'poll')(nowUs);
          return dueUs === Number.POSITIVE_INFINITY ? undefined : dueUs;
        },
      }),
    ),
    broken('keeps to what its port allows', 'releases one frame more than it has pulled', () => (device) => ({
      take() {
        was(device, 'take')();
        device.port.release(1);
      },
    })),
    broken('flushes what it pushes', 'flushes only what a poll before has pushed', () => (device) => ({
      give() {
        device.port.flush();
        while (device.outbox.length > 0 && device.push(device.outbox[0])) device.outbox.shift();
        if (device.port.room() < 1e9) device.wake?.();
      },
    })),
    broken('leaves what it pulls as it is', 'lowers the hop limit in the frame pool', () => (device) => ({
      take() {
        const { memory, offset, bytes } = device.burst;
        const count = device.port.pull(device.burst);
        for (let i = 0; i < count; i++) {
          device.inbox.push(memory.slice(offset[i], offset[i] + bytes[i]));
          memory[offset[i] + 12]--;
        }
        device.port.release(count);
      },
    })),
    broken(
      'moves everything that there is to move',
      'waits for a wake that does not come when its port was full',
      () => (device) => ({
        poll(nowUs: number) {
          was(device, 'poll')(nowUs);
          return Number.POSITIVE_INFINITY;
        },
      }),
      [
        'passes every frame as it is, in order, both ways',
        'waits while its port is full, and goes on when there is room',
        'goes on when its VM is resumed',
      ],
    ),
    broken(
      'takes a clock that stands still or leaps by hours',
      'makes up for every microsecond that it was not polled',
      () => (device) => {
        let nextUs = 0;
        return {
          poll(nowUs: number) {
            for (; nextUs <= nowUs && device.running; nextUs += 10) device.port.push(new Uint8Array(8), 0, 8);
            device.port.flush();
            nextUs = Math.max(nextUs, nowUs);
            return was(device, 'poll')(nowUs);
          },
        };
      },
    ),
    broken('passes every frame as it is, in order, both ways', 'pads what is short', () => (device) => ({
      push(frame: Uint8Array) {
        const padded = new Uint8Array(Math.max(60, frame.length));
        padded.set(frame);
        return was(device, 'push')(padded);
      },
    })),
    broken('ends each poll, however much there is to do', 'takes frames until none is left', () => (device) => ({
      take() {
        let before: number;
        do {
          before = device.inbox.length;
          was(device, 'take')();
        } while (device.inbox.length > before);
      },
    })),
    broken(
      'waits while its port is full, and goes on when there is room',
      'asks at once again while its port is full',
      () => (device) => ({
        poll(nowUs: number) {
          return Math.min(was(device, 'poll')(nowUs), device.outbox.length > 0 ? nowUs : Number.POSITIVE_INFINITY);
        },
      }),
    ),
    broken(
      'sends nothing of a guest of its own while the VM is suspended',
      'sends a heartbeat whatever its VM does',
      () => (device) => ({
        poll(nowUs: number) {
          device.port.push(new Uint8Array(8), 0, 8);
          return Math.min(was(device, 'poll')(nowUs), nowUs + 1000);
        },
      }),
    ),
    broken('goes on when its VM is resumed', 'cannot be suspended twice', () => (device) => {
      let suspensions = 0;
      return {
        setRunning(running: boolean) {
          if (!running) suspensions++;
          was(device, 'setRunning')(running && suspensions < 2);
        },
      };
    }),
    broken('outlives a guest that sends what is no frame', 'throws for what it cannot read', () => (device) => {
      let garbage = 0;
      return {
        misbehave: (bytes: Uint8Array) => {
          garbage += bytes.length;
          device.wake?.();
        },
        poll(nowUs: number) {
          if (garbage > 0) throw new RangeError('offset is out of bounds');
          return was(device, 'poll')(nowUs);
        },
      };
    }),
    broken('works alike in two instances, which share nothing', 'has one buffer for all instances', () => {
      const outbox: Uint8Array[] = [];
      return () => ({ outbox });
    }),
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
            if (socket === undefined) throw new TypeError("cannot read 'close' of undefined");
          },
        };
      },
      ['starts with an empty configuration, and with every option at its bounds'],
    ),
  ],
};
