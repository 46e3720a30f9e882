var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, inject, Microseconds, Options, Type, Vms } from '@fairlead/sdk';
export const previousDetectorOptions = Type.Object({
    framesPerSecond: Type.Integer({
        default: 100_000,
        minimum: 1,
        description: 'Frames towards one VM in one second beyond which it counts as attacked.',
    }),
    graceUs: Microseconds({
        default: 10_000,
        minimum: 1,
        description: 'Shortest time over which a rate is worked out.',
    }),
}, { additionalProperties: false });
/** Raises an `attack` signal for a VM that more frames come in for than anyone wants. */
let PreviousDetector = class PreviousDetector {
    options;
    /** Inbound frames of each VM since the last judgement. Made once: `observe` must not allocate. */
    #frames;
    #judgedUs = 0;
    constructor(vms, options) {
        this.options = options;
        this.#frames = new Float64Array(vms.count);
    }
    observe(batch) {
        if (batch.direction === 'inbound')
            this.#frames[batch.vm] = this.#frames[batch.vm] + batch.frames.count;
    }
    judge(nowUs) {
        const seconds = (nowUs - this.#judgedUs) / 1e6;
        // After a clock that was set back there is no time to divide by; the counts go on.
        if (seconds < 0)
            this.#judgedUs = nowUs;
        if (seconds * 1e6 < this.options.graceUs)
            return [];
        const limit = this.options.framesPerSecond;
        const signals = [];
        for (const [vm, frames] of this.#frames.entries()) {
            const framesPerSecond = frames / seconds;
            if (framesPerSecond <= limit)
                continue;
            // Twice the limit is beyond doubt.
            const confidence = Math.min(1, framesPerSecond / (2 * limit));
            signals.push({ kind: 'attack', vm, atUs: nowUs, confidence, evidence: { framesPerSecond, limit } });
        }
        this.#frames.fill(0);
        this.#judgedUs = nowUs;
        return signals;
    }
};
PreviousDetector = __decorate([
    __param(0, inject(Vms)),
    __param(1, inject(Options))
], PreviousDetector);
export { PreviousDetector };
export default definePlugin({
    kind: 'detector',
    name: 'previous-detector',
    apiVersion: 1,
    options: previousDetectorOptions,
    implementation: PreviousDetector,
    module: import.meta.url,
});
