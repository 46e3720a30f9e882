import { TransmitBatch } from '../batch.ts';

/** What a test says of a batch. */
export interface TestBatch {
  vm?: number;
  nowUs?: number;
  /** Frames waiting, those of the batch included; the batch alone by default. */
  backlog?: number;
  flows?: readonly number[];
}

/**
 * A batch of frames of the given lengths in bytes, all admitted so far. With `into` an existing batch is filled
 * again, as the host does.
 *
 * @example
 * ```ts
 * const batch = testBatch([64, 1500, 64], { vm: 1, nowUs: 10 });
 * policy.admit(batch);
 * expect(batch.queuedFrom).toBe(2);
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
  return into;
}
