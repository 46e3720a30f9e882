import { FrameBurst, type NicContext } from '@fairlead/sdk';
import { ManualClock, testRandom } from '@fairlead/sdk/testing';
import { MemoryNic } from '../src/index.ts';

const SLOT_BYTES = 2048;

export interface TestNic {
  readonly nic: MemoryNic;
  readonly clock: ManualClock;
  /** Offers frames to `send` at the clock's time and returns how many it took. */
  offer(...frames: Uint8Array[]): number;
  /** Offers `count` frames of a length. */
  offerBytes(count: number, bytes: number): number;
  /** Receives at the clock's time. */
  receive(capacity?: number): Uint8Array[];
}

export interface TestNicAbout {
  clock?: ManualClock;
  context?: Partial<NicContext>;
  seed?: number;
  maxFrameBytes?: number;
}

type Options = ConstructorParameters<typeof MemoryNic>[0];

/** A pool of frame slots whose frames start two bytes past a word, as the host's do. */
function poolBurst(capacity: number, maxFrameBytes = 1522): FrameBurst {
  const burst = new FrameBurst(new Uint8Array(new SharedArrayBuffer(capacity * SLOT_BYTES)), capacity, maxFrameBytes);
  for (let i = 0; i < capacity; i++) burst.offset[i] = i * SLOT_BYTES + 2;
  return burst;
}

/** A 1 Gbit/s NIC without latency or loss, unless said otherwise, and the host's side of it. */
export function testNic(options: Partial<Options> = {}, about: TestNicAbout = {}): TestNic {
  const clock = about.clock ?? new ManualClock();
  const context: NicContext = {
    index: 0,
    name: 'uplink0',
    queue: 0,
    queues: 1,
    role: 'both',
    receives: true,
    shared: new Float64Array(64),
    ...about.context,
  };
  const nic = new MemoryNic(
    {
      speedBps: 1e9,
      latencyUs: 0,
      loss: 0,
      up: true,
      overheadBytes: 0,
      echo: false,
      keep: false,
      wireFrames: 1024,
      ...options,
    },
    context,
    clock,
    testRandom(about.seed ?? 1),
  );
  const tx = poolBurst(256, about.maxFrameBytes);
  const rx = poolBurst(256, about.maxFrameBytes);
  const send = (count: number): number => {
    tx.count = count;
    tx.nowUs = clock.nowUs();
    tx.failed.fill(0);
    return nic.send(tx);
  };
  return {
    nic,
    clock,
    offer(...frames) {
      for (const [i, frame] of frames.entries()) {
        tx.memory.set(frame, tx.offset[i]);
        tx.bytes[i] = frame.length;
      }
      return send(frames.length);
    },
    offerBytes(count, bytes) {
      tx.bytes.fill(bytes, 0, count);
      return send(count);
    },
    receive(capacity = 256) {
      const burst = capacity === 256 ? rx : poolBurst(capacity, about.maxFrameBytes);
      burst.nowUs = clock.nowUs();
      const count = nic.receive(burst);
      return Array.from({ length: count }, (_, i) => {
        const stored = Math.min(burst.bytes[i], burst.maxFrameBytes);
        const frame = new Uint8Array(burst.bytes[i]);
        frame.set(burst.memory.subarray(burst.offset[i], burst.offset[i] + stored));
        return frame;
      });
    },
  };
}

/** A frame of a length whose bytes tell it apart. */
export function frameOf(bytes: number, mark: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i === 0 ? 0x02 : (mark + i * 7) & 0xff));
}
