var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, inject, Nics, Options, Size, Type, Vms } from '@fairlead/sdk';
export const previousLoadDistributionOptions = Type.Object({
    marginBytes: Size({
        default: 6000,
        description: 'A VM leaves its NIC only for one on which this much less is pending.',
    }),
}, { additionalProperties: false });
/** Each VM stays on its NIC until another one has clearly less to send, so that frames of a flow rarely overtake. */
let PreviousLoadDistribution = class PreviousLoadDistribution {
    nics;
    options;
    /** NIC that each VM used last; -1 before its first batch. Made once: `select` must not allocate. */
    #last;
    constructor(nics, vms, options) {
        this.nics = nics;
        this.options = options;
        this.#last = new Int32Array(vms.count).fill(-1);
    }
    select(batch) {
        const { available, availableCount, pendingBytes } = this.nics;
        const last = this.#last[batch.vm];
        let least = available[0];
        let lastIsAvailable = false;
        for (let i = 0; i < availableCount; i++) {
            const nic = available[i];
            if (nic === last)
                lastIsAvailable = true;
            if (pendingBytes[nic] < pendingBytes[least])
                least = nic;
        }
        const gain = lastIsAvailable ? pendingBytes[last] - pendingBytes[least] : Number.POSITIVE_INFINITY;
        const chosen = gain > this.options.marginBytes ? least : last;
        this.#last[batch.vm] = chosen;
        batch.nic.fill(chosen, 0, batch.count);
    }
};
PreviousLoadDistribution = __decorate([
    __param(0, inject(Nics)),
    __param(1, inject(Vms)),
    __param(2, inject(Options))
], PreviousLoadDistribution);
export { PreviousLoadDistribution };
export default definePlugin({
    kind: 'load-distribution',
    name: 'previous-load-distribution',
    apiVersion: 1,
    options: previousLoadDistributionOptions,
    implementation: PreviousLoadDistribution,
    module: import.meta.url,
});
