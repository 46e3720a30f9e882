import type { Clock } from '@fairlead/sdk';
import type { HostFramePort } from '../managers/host-frames.ts';
import type { NicManager } from '../managers/nic-manager.ts';
import type { Arena } from '../memory/arena.ts';
import type { Devices } from './devices.ts';
import type { Polled } from './runtime.ts';

/**
 * The device thread's loop, on the host's own event loop: polls devices when a doorbell rings, when one of them asks,
 * and when one is due; asks the drivers for their links every few milliseconds, less often while the host is at rest.
 */
export class DeviceLoop {
  readonly #arena: Arena;
  readonly #devices: Devices;
  readonly #nics: NicManager;
  readonly #signals: Polled;
  readonly #hostFrames: HostFramePort;
  readonly #clock: Clock;
  readonly #linkPollMs: number;
  #linkTimer: NodeJS.Timeout | undefined;
  /** Heartbeats of all workers together, when the links were last asked for. */
  #beatsSeen = 0;
  #running = false;
  /** A device asked while others were being polled. */
  #again = false;

  constructor(
    arena: Arena,
    devices: Devices,
    nics: NicManager,
    signals: Polled,
    hostFrames: HostFramePort,
    clock: Clock,
    linkPollMs: number,
  ) {
    this.#arena = arena;
    this.#devices = devices;
    this.#nics = nics;
    this.#signals = signals;
    this.#hostFrames = hostFrames;
    this.#clock = clock;
    this.#linkPollMs = linkPollMs;
  }

  start(): void {
    this.#running = true;
    this.#devices.onWake = () => {
      this.#again = true;
      this.#arena.threads.wake(this.#arena.threads.deviceThread);
    };
    this.#watchLinks();
    void this.#loop();
  }

  #watchLinks(): void {
    this.#nics.poll(this.#clock.nowUs());
    this.#signals.poll(this.#clock.nowUs());
    const periodMs = this.#atRest() ? this.#linkPollMs * REST_FACTOR : this.#linkPollMs;
    this.#linkTimer = setTimeout(() => this.#watchLinks(), periodMs);
  }

  /** True when the workers have hardly swept since the last look, and no failover is in progress. */
  #atRest(): boolean {
    const { threads, nics, handle } = this.#arena;
    const { workers } = handle.shape;
    let beats = 0;
    for (let worker = 0; worker < workers; worker++) beats = (beats + threads.heartbeat(worker)) | 0;
    const swept = (beats - this.#beatsSeen) | 0;
    this.#beatsSeen = beats;
    return swept < REST_SWEEPS * workers && nics.failover.every((inProgress) => inProgress === 0);
  }

  async #loop(): Promise<void> {
    const { threads, rxDoorbell } = this.#arena;
    const thread = threads.deviceThread;
    while (this.#running) {
      this.#again = false;
      this.#hostFrames.poll(this.#clock.nowUs());
      const dueUs = this.#devices.poll(this.#clock.nowUs());
      const timeoutMs = (dueUs - this.#clock.nowUs()) / 1000;
      if (timeoutMs <= 0 || this.#again) {
        await nextTurn(); // sockets and timers have their turn
        continue;
      }
      threads.aboutToSleep(thread);
      if (rxDoorbell.rung() || this.#again) {
        threads.awake(thread);
        await nextTurn();
        continue;
      }
      await threads.sleep(thread, Math.min(timeoutMs, MAX_SLEEP_MS));
    }
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#linkTimer);
    this.#devices.onWake = () => undefined;
    this.#arena.threads.wake(this.#arena.threads.deviceThread);
  }
}

const MAX_SLEEP_MS = 1000;
/**
 * A host at rest asks for its links so many times less often: each time wakes an idle core, which takes it some 100 µs.
 * Nothing is lost by it: a frame that then finds its NIC's carrier gone waits, and its worker sweeps until it is told.
 */
const REST_FACTOR = 5;
/** A worker that sleeps sweeps twice when it turns over; one that has anything to do sweeps a hundred times as often. */
const REST_SWEEPS = 10;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
