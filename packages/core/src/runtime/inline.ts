import { FairleadError } from '@fairlead/sdk';
import type { VirtualClock } from '../clock.ts';
import type { HostFramePort } from '../managers/host-frames.ts';
import type { NicManager } from '../managers/nic-manager.ts';
import type { Doorbell } from '../memory/doorbell.ts';
import type { Forwarder } from '../path/forwarder.ts';
import type { Devices } from './devices.ts';
import type { Polled } from './runtime.ts';

/** How finely the virtual clock moves while something is under way, in microseconds. */
const DEFAULT_STEP_US = 50;

/**
 * The whole host in the caller's thread on a virtual clock: devices, link monitor and one forwarding loop, each a call
 * per step. The same configuration, seed and calls give the same frames in the same order.
 */
export class InlineRuntime {
  readonly #clock: VirtualClock;
  readonly #devices: Devices;
  readonly #nics: NicManager;
  readonly #signals: Polled;
  readonly #hostFrames: HostFramePort;
  readonly #forwarder: Forwarder;
  readonly #bell: Doorbell;
  readonly #calls = new Set<{ readonly dueUs: number; readonly callback: () => void }>();
  readonly #maxJumpUs: number;
  #deviceDueUs = 0;
  #closed = false;
  #halted = false;

  constructor(
    clock: VirtualClock,
    devices: Devices,
    nics: NicManager,
    signals: Polled,
    hostFrames: HostFramePort,
    forwarder: Forwarder,
    bell: Doorbell,
    linkPollMs: number,
  ) {
    this.#maxJumpUs = Math.max(LEAST_JUMP_US, linkPollMs * 1000);
    this.#clock = clock;
    this.#devices = devices;
    this.#nics = nics;
    this.#signals = signals;
    this.#hostFrames = hostFrames;
    this.#forwarder = forwarder;
    this.#bell = bell;
  }

  /** One pass at the present time: devices, links, one sweep. Returns how much was done. */
  pass(): number {
    if (this.#closed)
      throw new FairleadError('FAIRLEAD_ERR_HOST_STATE', 'the host is closed', { mend: 'create another one' });
    const nowUs = this.#clock.nowUs();
    if (this.#calls.size > 0) this.#callBack(nowUs);
    this.#deviceDueUs = this.#devices.poll(nowUs);
    this.#hostFrames.poll(nowUs);
    this.#nics.poll(nowUs);
    this.#signals.poll(nowUs);
    const work = this.#forwarder.sweep(nowUs);
    // What was delivered in this pass reaches its guest in the same one.
    if (work > 0) this.#deviceDueUs = Math.min(this.#deviceDueUs, this.#devices.poll(nowUs));
    return work;
  }

  /** Calls back at the first pass at which so much virtual time has gone by; returns how to call it off. */
  after(ms: number, callback: () => void): () => void {
    const call = { dueUs: this.#clock.nowUs() + ms * 1000, callback };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  #callBack(nowUs: number): void {
    for (const call of this.#calls) {
      if (call.dueUs > nowUs) continue;
      this.#calls.delete(call);
      call.callback();
    }
  }

  /**
   * Moves the clock by `forUs`, in steps of at most `stepUs`. While nothing is under way it jumps to the next thing
   * that is due.
   */
  run(forUs: number, stepUs: number = DEFAULT_STEP_US): void {
    const endUs = this.#clock.nowUs() + forUs;
    this.pass();
    while (this.#clock.nowUs() < endUs && !this.#halted) {
      this.#clock.set(Math.min(this.nextUs(stepUs), endUs));
      this.pass();
    }
  }

  /**
   * Does what is due before `untilUs`, and leaves the clock where the last of it was: to a host at which nothing happens
   * it costs nothing. Returns when something is due next, in microseconds.
   */
  advance(untilUs: number, stepUs: number = DEFAULT_STEP_US): number {
    for (;;) {
      const next = this.nextUs(stepUs);
      if (next >= untilUs || this.#halted) return next;
      this.#clock.set(next);
      this.pass();
    }
  }

  /** When the next pass is due, in microseconds: a step ahead at the least, the next poll of the links at the most. */
  nextUs(stepUs: number): number {
    const nowUs = this.#clock.nowUs();
    let next = Math.min(this.#deviceDueUs, this.#forwarder.nextEventUs(nowUs));
    const { hasReady, hasQueued } = this.#forwarder;
    // A guest that answered what this pass delivered has rung behind the sweep.
    if (hasReady || hasQueued || this.#bell.rung()) next = Math.min(next, nowUs + stepUs);
    // The finest step bounds the work; the coarsest is the link monitor's.
    next = Math.max(next, nowUs + stepUs);
    return Math.min(next, nowUs + this.#maxJumpUs);
  }

  /** Lets `run` return after the pass that is under way. */
  halt(): void {
    this.#halted = true;
  }

  close(): void {
    this.#forwarder.rest();
    this.#closed = true;
  }
}

/** Links are polled, so the clock never jumps further than their period; it need not move in smaller jumps than this. */
const LEAST_JUMP_US = 10_000;
