import { TransmitBatch } from '../batch.ts';
import { layOutFrames } from './kits/batch-frames.ts';

/**
 * What a test says of a batch.
 *
 * @example
 * ```ts
 * import { type TestBatch, testBatch } from '@fairlead/sdk/testing';
 *
 * const late: TestBatch = { vm: 3, nowUs: 5_000_000, backlog: 200 };
 * const batch = testBatch([1514, 1514], late); // two frames, of 200 that wait
 * ```
 */
export interface TestBatch {
  /** VM number of the sender; 0 when left out. */
  vm?: number;
  /** The clock, in microseconds; 0 when left out. */
  nowUs?: number;
  /** Frames waiting, those of the batch included; the batch alone by default. */
  backlog?: number;
  /** Flow hash of each frame; zero when left out. */
  flows?: readonly number[];
  /** The frames themselves, for a policy that reads headers: `batch.memory` holds them one behind the other. */
  frames?: readonly Uint8Array[];
}

/**
 * A batch of frames of the given lengths in bytes, all admitted so far. With `into` an existing batch is filled
 * again, as the host does. A policy that asks for headers is given `frames` as well.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import type { TransmitBatch } from '@fairlead/sdk';
 * import { testBatch } from '@fairlead/sdk/testing';
 *
 * const onlyTwo = { admit: (batch: TransmitBatch): undefined => batch.queueFrom(2, 0) as undefined };
 *
 * const batch = testBatch([64, 1500, 64], { vm: 1, nowUs: 10 });
 * onlyTwo.admit(batch);
 * assert.equal(batch.queuedFrom, 2);
 * ```
 */
export function testBatch(
  bytes: readonly number[],
  about: TestBatch = {},
  into: TransmitBatch = new TransmitBatch(),
): TransmitBatch {
  into.begin(about.vm ?? 0, bytes.length, about.nowUs ?? 0, about.backlog ?? bytes.length);
  into.bytes.set(bytes);
  into.nic.fill(-1);
  if (about.flows !== undefined) into.flow.set(about.flows);
  if (about.frames !== undefined) layOutFrames(into, about.frames, 0xff);
  return into;
}
