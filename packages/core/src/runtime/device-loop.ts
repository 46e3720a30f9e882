import type { Clock } from '@fairlead/sdk';
import type { NicManager } from '../managers/nic-manager.ts';
import type { Arena } from '../memory/arena.ts';
import type { Devices } from './devices.ts';

/**
 * The device thread's loop, on the host's own event loop: polls devices when a doorbell rings, when one of them asks,
 * and when one is due; asks the drivers for their links every few milliseconds.
 */
export class DeviceLoop {
  readonly #arena: Arena;
  readonly #devices: Devices;
  readonly #nics: NicManager;
  readonly #clock: Clock;
  readonly #linkPollMs: number;
  #linkTimer: NodeJS.Timeout | undefined;
  #running = false;
  /** A device asked while others were being polled. */
  #again = false;

  constructor(arena: Arena, devices: Devices, nics: NicManager, clock: Clock, linkPollMs: number) {
    this.#arena = arena;
    this.#devices = devices;
    this.#nics = nics;
    this.#clock = clock;
    this.#linkPollMs = linkPollMs;
  }

  start(): void {
    this.#running = true;
    this.#devices.onWake = () => {
      this.#again = true;
      this.#arena.threads.wake(this.#arena.threads.deviceThread);
    };
    this.#linkTimer = setInterval(() => this.#nics.poll(this.#clock.nowUs()), this.#linkPollMs);
    void this.#loop();
  }

  async #loop(): Promise<void> {
    const { threads, rxDoorbell } = this.#arena;
    const thread = threads.deviceThread;
    while (this.#running) {
      this.#again = false;
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
    clearInterval(this.#linkTimer);
    this.#devices.onWake = () => undefined;
    this.#arena.threads.wake(this.#arena.threads.deviceThread);
  }
}

const MAX_SLEEP_MS = 1000;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
