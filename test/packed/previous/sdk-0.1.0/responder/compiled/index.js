var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, inject, isFairleadError, Options, Type } from '@fairlead/sdk';
export const previousResponderOptions = Type.Object({
    confidence: Type.Number({
        default: 0.5,
        minimum: 0,
        maximum: 1,
        description: 'A VM is suspended on attacks that are at least this sure.',
    }),
}, { additionalProperties: false });
/** Suspends a VM under attack, until the action expires. Other signals go to the next responder of the chain. */
let PreviousResponder = class PreviousResponder {
    options;
    /** When the suspension of each VM ends, in microseconds: an action that stands is not taken twice. */
    #untilUs = new Map();
    constructor(options) {
        this.options = options;
    }
    async respond(signal, context) {
        const { vm } = signal;
        if (signal.kind !== 'attack' || vm === undefined || signal.confidence < this.options.confidence)
            return [];
        if ((this.#untilUs.get(vm) ?? 0) > context.nowUs)
            return [];
        const expiresAtUs = context.nowUs + context.ttlMs * 1000;
        // Remembered first: the same signal may come again while the suspension is under way.
        this.#untilUs.set(vm, expiresAtUs);
        try {
            await context.suspend(vm);
        }
        catch (error) {
            this.#untilUs.delete(vm);
            throw error;
        }
        let undone = false;
        const undo = async () => {
            if (undone)
                return;
            undone = true;
            this.#untilUs.delete(vm);
            try {
                await context.resume(vm);
            }
            catch (error) {
                // A VM that has gone meanwhile needs no more.
                if (!isFairleadError(error) || error.code !== 'FAIRLEAD_ERR_UNKNOWN_VM')
                    throw error;
            }
        };
        const reason = `attack, confidence ${signal.confidence}`;
        return [{ name: 'suspend', vm, expiresAtUs, reason, rejected: [], undo }];
    }
};
PreviousResponder = __decorate([
    __param(0, inject(Options))
], PreviousResponder);
export { PreviousResponder };
export default definePlugin({
    kind: 'responder',
    name: 'previous-responder',
    apiVersion: 1,
    options: previousResponderOptions,
    implementation: PreviousResponder,
    module: import.meta.url,
});
