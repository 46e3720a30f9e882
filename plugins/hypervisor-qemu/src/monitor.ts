import type { Clock, Log } from '@fairlead/sdk';
import { QmpClient, type QmpLimits } from './qmp-client.ts';
import { isQmpError, QmpError } from './qmp-error.ts';
import { type RunState, runStateIn } from './run-state.ts';

/** Events that an operator may want to know of. */
const TOLD = [
  ...['STOP', 'RESUME', 'SHUTDOWN', 'RESET', 'POWERDOWN', 'SUSPEND', 'WAKEUP', 'WATCHDOG'],
  ...['GUEST_PANICKED', 'GUEST_CRASHLOADED', 'BLOCK_IO_ERROR', 'MEMORY_FAILURE', 'MIGRATION'],
];
/** Events after which a migration may be further. */
const STIRS = ['MIGRATION', 'STOP', 'RESUME'];
/** Of events that come one after the other without anything being asked, so many are told. */
const MOST_TOLD = 16;

/** What `query-migrate` says, as far as it is looked at. */
export interface MigrationInfo {
  readonly status: string | undefined;
  readonly problem: string | undefined;
  /** Bytes; undefined until the copy has begun. */
  readonly ram: { readonly total: number; readonly remaining: number; readonly transferred: number } | undefined;
  readonly downtimeMs: number;
  readonly totalMs: number;
  readonly addresses: readonly Readonly<Record<string, unknown>>[];
}

/**
 * QEMU's monitor of one VM: connected when something is asked and kept for the events; connected anew when QEMU has
 * ended and come again.
 */
export class Monitor {
  readonly path: string;
  readonly #limits: QmpLimits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #vm: string;
  #client: Promise<QmpClient> | undefined;
  #wake: () => void = () => {};
  /** Something has happened since `query-migrate` was asked last. */
  #stirred = false;
  #told = 0;

  constructor(vm: string, path: string, limits: QmpLimits, clock: Clock, log: Log) {
    this.path = path;
    this.#vm = vm;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Executes a command and answers what it returned.
   * @throws QmpError
   */
  async ask(command: string, args?: object): Promise<unknown> {
    const client = await this.#connected();
    this.#told = 0;
    return client.execute(command, args);
  }

  /**
   * What state QEMU is in.
   * @throws QmpError when there is one that does not say.
   */
  async runState(): Promise<RunState> {
    let answer: unknown;
    try {
      answer = await this.#question('query-status');
    } catch (error) {
      if (isQmpError(error, 'absent')) return 'absent';
      throw error;
    }
    const state = runStateIn(answer);
    if (state !== undefined) return state;
    throw new QmpError('broken', `it says of its state ${JSON.stringify(answer)?.slice(0, 80)}`);
  }

  /**
   * How far its migration is.
   * @throws QmpError
   */
  async migration(): Promise<MigrationInfo> {
    this.#stirred = false;
    const answer = objectOf(await this.#question('query-migrate'));
    const ram = answer['ram'] === undefined ? undefined : objectOf(answer['ram']);
    const addresses = answer['socket-address'];
    return {
      status: typeof answer['status'] === 'string' ? answer['status'] : undefined,
      problem: typeof answer['error-desc'] === 'string' ? answer['error-desc'].slice(0, 300) : undefined,
      ram: ram && {
        total: numberIn(ram['total']),
        remaining: numberIn(ram['remaining']),
        transferred: numberIn(ram['transferred']),
      },
      downtimeMs: numberIn(answer['downtime']),
      totalMs: numberIn(answer['total-time']),
      addresses: Array.isArray(addresses) ? addresses.slice(0, 8).map(objectOf) : [],
    };
  }

  /**
   * Ends QEMU; resolves when it is gone.
   * @throws QmpError
   */
  async quit(): Promise<void> {
    let client: QmpClient;
    try {
      client = await this.#connected();
      await client.execute('quit');
    } catch (error) {
      if (isQmpError(error, 'absent', 'ended')) return; // it is gone before its answer is
      throw error;
    }
    if (!(await client.ended())) throw new QmpError('late', 'it was told to quit and has not');
  }

  /** Resolves when QEMU has told of something since it was asked how far it is, or after a time. */
  async changed(ms: number): Promise<void> {
    if (this.#stirred) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#wake();
    await (await client?.catch(() => undefined))?.close();
  }

  /** Asks something that changes nothing: QEMU may have ended some time ago and have come again, and only this finds out. */
  async #question(command: string): Promise<unknown> {
    try {
      return await this.ask(command);
    } catch (error) {
      if (!isQmpError(error, 'ended')) throw error;
      return this.ask(command);
    }
  }

  #connected(): Promise<QmpClient> {
    const before = this.#client;
    const connect = async (): Promise<QmpClient> => {
      const client = await before?.catch(() => undefined);
      if (client?.usable === true) return client;
      return QmpClient.connect(this.path, this.#limits, this.#clock, this.#heard);
    };
    this.#client = connect();
    return this.#client;
  }

  readonly #heard = (event: string): void => {
    if (STIRS.includes(event)) {
      this.#stirred = true;
      this.#wake();
    }
    if (!TOLD.includes(event) || this.#told >= MOST_TOLD) return;
    this.#told++;
    this.#log.info(`QEMU of VM ${this.#vm} says ${event}`);
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function numberIn(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}
