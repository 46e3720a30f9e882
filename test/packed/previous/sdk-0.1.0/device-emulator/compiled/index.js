var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { definePlugin, inject, Microseconds, Options, Port, Size, Type } from '@fairlead/sdk';
export const previousDeviceEmulatorOptions = Type.Object({
    intervalUs: Microseconds({ default: 1000, minimum: 1, description: 'Time between two frames of the guest.' }),
    frameBytes: Size({ default: 60, minimum: 60, maximum: 1514, description: 'Length of each frame, without FCS.' }),
}, { additionalProperties: false });
/** Frames that are taken from the ring at once. */
const RECEIVE_BATCH = 64;
/** Time after which a guest looks again when its ring has no room: nothing tells it. */
const AGAIN_US = 100;
const HEADER_BYTES = 14;
/** A virtual NIC with a guest that broadcasts a numbered frame at each interval and takes all that it receives. */
let PreviousDeviceEmulator = class PreviousDeviceEmulator {
    port;
    options;
    #frame;
    #number;
    #burst;
    #sentFrames = 0;
    #receivedFrames = 0;
    /** The clock is known at a poll only, so the guest begins, and begins again after a suspension, at the next one. */
    #nextUs = Number.NEGATIVE_INFINITY;
    #running = true;
    #wake;
    constructor(port, options) {
        this.port = port;
        this.options = options;
        this.#burst = port.createBurst(RECEIVE_BATCH);
        this.#frame = new Uint8Array(options.frameBytes);
        this.#frame.fill(0xff, 0, 6); // to everyone
        this.#frame.set(port.macs[0], 6);
        this.#frame.set([0x88, 0xb5], 12); // EtherType for local experiments (IEEE 802)
        this.#number = new DataView(this.#frame.buffer, HEADER_BYTES);
    }
    /** Frames that the guest has received so far. */
    get receivedFrames() {
        return this.#receivedFrames;
    }
    attach(wake) {
        this.#wake = wake;
    }
    setRunning(running) {
        this.#running = running;
        this.#nextUs = Number.NEGATIVE_INFINITY;
        if (running)
            this.#wake?.();
    }
    poll(nowUs) {
        if (!this.#running)
            return Number.POSITIVE_INFINITY;
        const more = this.#take();
        const nextUs = this.#send(nowUs);
        return more ? nowUs : nextUs;
    }
    /** Sends the next frame when it is due; returns when to go on. */
    #send(nowUs) {
        const { intervalUs } = this.options;
        // A clock that was set back must not silence the guest for as long.
        if (nowUs < this.#nextUs && this.#nextUs <= nowUs + intervalUs)
            return this.#nextUs;
        this.#number.setUint32(0, this.#sentFrames);
        if (!this.port.push(this.#frame, 0, this.#frame.length))
            return nowUs + AGAIN_US;
        this.port.flush();
        this.#sentFrames++;
        this.#nextUs = nowUs + intervalUs;
        return this.#nextUs;
    }
    /** Takes what waits, but one burst at most: a poll must come to an end. True when there may be more. */
    #take() {
        const count = this.port.pull(this.#burst);
        this.#receivedFrames += count;
        this.port.release(count);
        return count === RECEIVE_BATCH;
    }
};
PreviousDeviceEmulator = __decorate([
    __param(0, inject(Port)),
    __param(1, inject(Options))
], PreviousDeviceEmulator);
export { PreviousDeviceEmulator };
export default definePlugin({
    kind: 'device-emulator',
    name: 'previous-device-emulator',
    apiVersion: 1,
    options: previousDeviceEmulatorOptions,
    implementation: PreviousDeviceEmulator,
    module: import.meta.url,
});
