import { fileURLToPath } from 'node:url';

/**
 * Where the bundled plugins are found by name, as from the folder of a user who has installed them. They stand beside
 * the core, not below it, so its tests import none of them.
 */
export const bundled = fileURLToPath(new URL('../../../../test', import.meta.url));

/** What a test uses of the bundled memory NIC. */
export interface MemoryNicHand {
  readonly counters: { sentFrames: number; receivedFrames: number; missedFrames: number };
  setLink(up: boolean): void;
  deliver(frame: Uint8Array): boolean;
  takeTransmitted(): Uint8Array[];
}

/** What a test uses of the bundled memory device. */
export interface MemoryGuestHand {
  readonly counters: { offeredFrames: number; acceptedFrames: number; receivedFrames: number };
  send(frame: Uint8Array): boolean;
  receive(): Uint8Array | undefined;
}
