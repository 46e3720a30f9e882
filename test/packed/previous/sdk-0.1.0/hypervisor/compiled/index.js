var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, FairleadError, inject, Options, Type } from '@fairlead/sdk';
export const previousHypervisorOptions = Type.Object({
    destinations: Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        description: 'Hosts that VMs may migrate to; any host when the list is empty.',
    }),
}, { additionalProperties: false });
/**
 * Keeps the state that each VM would have; put the calls to your hypervisor where the comments are. Each hook succeeds
 * when there is nothing left to do, and rejects, changing nothing, when the VM is in a state that does not fit.
 */
let PreviousHypervisor = class PreviousHypervisor {
    options;
    /** By name: a VM that migrates has another number on each host. */
    #status = new Map();
    #cpuFraction = new Map();
    constructor(options) {
        this.options = options;
    }
    async start(vm) {
        this.#change(vm, 'start', ['stopped', 'running'], 'running'); // start the guest here
    }
    async suspend(vm) {
        this.#change(vm, 'suspend', ['running', 'suspended'], 'suspended'); // stop its processors here
    }
    async resume(vm) {
        this.#change(vm, 'resume', ['suspended', 'running'], 'running'); // let them go on here
    }
    async stop(vm) {
        // Here there is nothing left to stop of a VM that has gone.
        if (this.#of(vm) === 'migrated')
            return;
        this.#change(vm, 'stop', ['stopped', 'running', 'suspended'], 'stopped'); // end the guest here
        this.#cpuFraction.delete(vm.name);
    }
    async migrate(vm, destination) {
        const { destinations } = this.options;
        if (destinations.length > 0 && !destinations.includes(destination))
            throw refusal('migrate', vm, `${destination} is not among the destinations`);
        this.#change(vm, 'migrate', ['running', 'suspended', 'migrated'], 'migrated'); // move it, and wait for the end
    }
    async throttle(vm, fraction) {
        if (!(fraction > 0 && fraction <= 1))
            throw refusal('throttle', vm, `${fraction} is no fraction above 0 up to 1`);
        const status = this.#of(vm);
        if (status !== 'running' && status !== 'suspended')
            throw refusal('throttle', vm, `it is ${status}`);
        this.#cpuFraction.set(vm.name, fraction); // set its quota of processor time here
    }
    async status(vm) {
        return this.#of(vm); // ask the hypervisor here: the VM may have ended by itself
    }
    #of(vm) {
        return this.#status.get(vm.name) ?? 'stopped';
    }
    #change(vm, hook, from, to) {
        const status = this.#of(vm);
        if (!from.includes(status))
            throw refusal(hook, vm, `it is ${status}`);
        this.#status.set(vm.name, to);
    }
};
PreviousHypervisor = __decorate([
    __param(0, inject(Options))
], PreviousHypervisor);
export { PreviousHypervisor };
function refusal(hook, vm, why) {
    return new FairleadError('FAIRLEAD_ERR_HYPERVISOR', `cannot ${hook} ${vm.name}: ${why}`, {
        where: `hypervisor previous-hypervisor, ${hook}`,
        mend: 'ask for its status and act on that',
    });
}
export default definePlugin({
    kind: 'hypervisor',
    name: 'previous-hypervisor',
    apiVersion: 1,
    options: previousHypervisorOptions,
    implementation: PreviousHypervisor,
    module: import.meta.url,
});
