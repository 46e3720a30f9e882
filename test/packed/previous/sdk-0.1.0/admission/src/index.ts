import type { AdmissionPolicy, Static, TransmitBatch, VmTable } from '@fairlead/sdk';
import { definePlugin, inject, Options, Size, Type, Vms } from '@fairlead/sdk';

export const previousAdmissionOptions = Type.Object(
  {
    burstBytes: Size({ default: 65_536, minimum: 1, description: 'What a VM may send at once after a pause.' }),
  },
  { additionalProperties: false },
);

/** A policy that is asked to wait longer than this asks again: the limit may have been raised meanwhile. */
const PATIENCE_US = 100_000;

/**
 * Holds each VM to the limit of its allocation by a token bucket. A frame goes while the bucket holds anything at all
 * and may leave it in debt, so that a frame longer than the bucket is deep still gets its turn.
 */
export class PreviousAdmission implements AdmissionPolicy {
  readonly #vms: VmTable;
  readonly #burstBytes: number;
  /** What each VM may send now, in bytes. Made once: `admit` must not allocate. */
  readonly #tokens: Float64Array;
  readonly #filledUs: Float64Array;

  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof previousAdmissionOptions>) {
    this.#vms = vms;
    this.#burstBytes = options.burstBytes;
    this.#tokens = new Float64Array(vms.count).fill(options.burstBytes);
    this.#filledUs = new Float64Array(vms.count);
  }

  admit(batch: TransmitBatch): undefined {
    const { vm, count, nowUs, bytes } = batch;
    // Read anew for each batch: an operator may have changed it.
    const bytesPerUs = this.#vms.limitBps[vm] / 8e6;
    if (bytesPerUs === Number.POSITIVE_INFINITY) return;
    // A clock that was set back earns nothing until it has caught up.
    const pauseUs = Math.max(0, nowUs - this.#filledUs[vm]);
    let tokens = Math.min(this.#burstBytes, this.#tokens[vm] + pauseUs * bytesPerUs);
    let sent = 0;
    while (sent < count && tokens > 0) {
      tokens -= bytes[sent];
      sent++;
    }
    // What waits is not charged for: it will be asked about again.
    if (sent < count) batch.queueFrom(sent, nowUs + Math.min(PATIENCE_US, Math.floor(-tokens / bytesPerUs) + 1));
    this.#tokens[vm] = tokens;
    this.#filledUs[vm] = Math.max(nowUs, this.#filledUs[vm]);
  }
}

export default definePlugin({
  kind: 'admission',
  name: 'previous-admission',
  apiVersion: 1,
  options: previousAdmissionOptions,
  implementation: PreviousAdmission,
  module: import.meta.url,
});
