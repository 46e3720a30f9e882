var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, inject, Options, Size, Type, Vms } from '@fairlead/sdk';
export const previousAdmissionOptions = Type.Object({
    burstBytes: Size({ default: 65_536, minimum: 1, description: 'What a VM may send at once after a pause.' }),
}, { additionalProperties: false });
/** A policy that is asked to wait longer than this asks again: the limit may have been raised meanwhile. */
const PATIENCE_US = 100_000;
/**
 * Holds each VM to the limit of its allocation by a token bucket. A frame goes while the bucket holds anything at all
 * and may leave it in debt, so that a frame longer than the bucket is deep still gets its turn.
 */
let PreviousAdmission = class PreviousAdmission {
    #vms;
    #burstBytes;
    /** What each VM may send now, in bytes. Made once: `admit` must not allocate. */
    #tokens;
    #filledUs;
    constructor(vms, options) {
        this.#vms = vms;
        this.#burstBytes = options.burstBytes;
        this.#tokens = new Float64Array(vms.count).fill(options.burstBytes);
        this.#filledUs = new Float64Array(vms.count);
    }
    admit(batch) {
        const { vm, count, nowUs, bytes } = batch;
        // Read anew for each batch: an operator may have changed it.
        const bytesPerUs = this.#vms.limitBps[vm] / 8e6;
        if (bytesPerUs === Number.POSITIVE_INFINITY)
            return;
        // A clock that was set back earns nothing until it has caught up.
        const pauseUs = Math.max(0, nowUs - this.#filledUs[vm]);
        let tokens = Math.min(this.#burstBytes, this.#tokens[vm] + pauseUs * bytesPerUs);
        let sent = 0;
        while (sent < count && tokens > 0) {
            tokens -= bytes[sent];
            sent++;
        }
        // What waits is not charged for: it will be asked about again.
        if (sent < count)
            batch.queueFrom(sent, nowUs + Math.min(PATIENCE_US, Math.floor(-tokens / bytesPerUs) + 1));
        this.#tokens[vm] = tokens;
        this.#filledUs[vm] = Math.max(nowUs, this.#filledUs[vm]);
    }
};
PreviousAdmission = __decorate([
    __param(0, inject(Vms)),
    __param(1, inject(Options))
], PreviousAdmission);
export { PreviousAdmission };
export default definePlugin({
    kind: 'admission',
    name: 'previous-admission',
    apiVersion: 1,
    options: previousAdmissionOptions,
    implementation: PreviousAdmission,
    module: import.meta.url,
});
