import type { Clock, NicDriver } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { Forwarder } from '../path/forwarder.ts';

/** A driver that can neither wake the loop nor say when it is due is asked this often. */
const POLL_MS = 0.5;
/** The longest sleep: a missed wake-up costs this much, and the watchdog sees a sign of life. */
const SLEEP_MS = 100;

/** Puts the loop to sleep until there may be something to do, at next to no cost. */
export class Sleeper {
  readonly #arena: Arena;
  readonly #worker: number;
  readonly #forwarder: Forwarder;
  readonly #drivers: readonly NicDriver[];
  readonly #clock: Clock;
  /** A driver that can neither wake nor say when is polled. */
  readonly #polls: boolean;
  #naps = 0;

  readonly #driverFailed: (nic: number, hook: string, cause: unknown) => void;

  constructor(
    arena: Arena,
    worker: number,
    forwarder: Forwarder,
    drivers: readonly NicDriver[],
    clock: Clock,
    driverFailed: (nic: number, hook: string, cause: unknown) => void,
  ) {
    this.#driverFailed = driverFailed;
    this.#arena = arena;
    this.#worker = worker;
    this.#forwarder = forwarder;
    this.#drivers = drivers;
    this.#clock = clock;
    this.#polls = drivers.some((driver) => driver.arm === undefined && driver.nextEventUs === undefined);
  }

  /** Resolves when there may be something to do; false: the last look found some already. */
  async sleep(): Promise<boolean> {
    const { threads } = this.#arena;
    const worker = this.#worker;
    const nowUs = this.#clock.nowUs();
    const dueMs = (this.#forwarder.nextEventUs(nowUs) - nowUs) / 1000;
    // What is ready but could not go waits for a NIC: look again soon.
    const waits = this.#forwarder.hasReady || this.#forwarder.hasQueued;
    const timeoutMs = Math.max(0, Math.min(waits ? NAP_MS : SLEEP_MS, this.#polls ? POLL_MS : SLEEP_MS, dueMs));
    const naps = timeoutMs <= NAP_MS && ++this.#naps % NAPS_A_TURN !== 0;
    threads.aboutToSleep(worker);
    const disarm = naps ? [] : this.#drivers.map((driver, nic) => this.#arm(driver, nic));
    // The last look: whatever came before the flag was up has rung no one awake.
    const missed = this.#arena.txDoorbells[worker]?.rung() === true || this.#forwarder.sweep(this.#clock.nowUs()) > 0;
    if (missed || threads.stopped || threads.pausing || threads.hasMail(worker)) threads.awake(worker);
    else if (naps) threads.nap(worker, timeoutMs);
    else await threads.sleep(worker, timeoutMs);
    for (const stop of disarm) stop?.();
    return !missed;
  }

  #arm(driver: NicDriver, nic: number): (() => void) | undefined {
    try {
      return driver.arm?.(() => this.#arena.threads.wake(this.#worker));
    } catch (cause) {
      this.#driverFailed(nic, 'arm', cause);
      return undefined;
    }
  }
}

/** Timers of the event loop are whole milliseconds; what is due sooner is waited for with the thread blocked. */
const NAP_MS = 0.5;
/** After so many naps the event loop has its turn. */
const NAPS_A_TURN = 64;
