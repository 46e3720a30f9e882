var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, inject, Milliseconds, Options, Time, Type } from '@fairlead/sdk';
export const previousHostRegistryOptions = Type.Object({
    ttlMs: Milliseconds({ default: 10_000, minimum: 1, description: 'Time after which a silent host is forgotten.' }),
    group: Type.Optional(Type.String({ minLength: 1, description: 'Registries of one process that share what they know.' })),
}, { additionalProperties: false });
const groups = new Map();
/** Keeps hosts and VMs in the memory of this process; put the calls to a shared store where the maps are. */
let PreviousHostRegistry = class PreviousHostRegistry {
    clock;
    options;
    #known;
    constructor(clock, options) {
        this.clock = clock;
        this.options = options;
        const { group } = options;
        this.#known = (group === undefined ? undefined : groups.get(group)) ?? { hosts: new Map(), owners: new Map() };
        if (group !== undefined)
            groups.set(group, this.#known);
    }
    async announce(self) {
        const expiresUs = this.clock.nowUs() + this.options.ttlMs * 1000;
        this.#known.hosts.set(self.name, { info: { ...self }, expiresUs });
    }
    async hosts() {
        const nowUs = this.clock.nowUs();
        for (const [name, { expiresUs }] of this.#known.hosts)
            if (expiresUs <= nowUs)
                this.#known.hosts.delete(name);
        return [...this.#known.hosts.values()].map(({ info }) => ({ ...info }));
    }
    async claim(vm, host) {
        const owner = this.#known.owners.get(vm);
        if (owner === undefined)
            this.#known.owners.set(vm, host);
        return owner === undefined || owner === host;
    }
    async release(vm, host) {
        if (this.#known.owners.get(vm) === host)
            this.#known.owners.delete(vm);
    }
};
PreviousHostRegistry = __decorate([
    __param(0, inject(Time)),
    __param(1, inject(Options))
], PreviousHostRegistry);
export { PreviousHostRegistry };
export default definePlugin({
    kind: 'host-registry',
    name: 'previous-host-registry',
    apiVersion: 1,
    options: previousHostRegistryOptions,
    implementation: PreviousHostRegistry,
    module: import.meta.url,
});
