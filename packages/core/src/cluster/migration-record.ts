/** Where a migration is; the last four are ends. `unresolved`: neither host says where the VM is, and both are asked on. */
export type MigrationState =
  | 'preparing'
  | 'copying'
  | 'switching'
  | 'unresolved'
  | 'done'
  | 'called-off'
  | 'refused'
  | 'lost';

/** Who wants a VM migrated: a person may do so at any time, a responder once its cool-down is over. */
export type MigrationBy = 'operator' | 'responder';

/** A host that a VM did not go to, and why. */
export interface RejectedHost {
  /** Name of the host. */
  readonly host: string;
  /** Why not. */
  readonly why: string;
}

/**
 * What is known of a migration, on either host.
 *
 * @example
 * ```ts
 * import type { Host, MigrationBy, MigrationRecord, MigrationState, RejectedHost } from '@fairlead/core';
 *
 * const whyNot = ({ host, why }: RejectedHost) => `${host}: ${why}`;
 * const over: readonly MigrationState[] = ['done', 'called-off', 'refused', 'lost'];
 * function tell(told: Host): void {
 *   told.on('migration', ({ vm, from, to, state, by, rejected, reason }: MigrationRecord) => {
 *     const who: MigrationBy = by;
 *     if (over.includes(state)) console.log(`${vm} ${from} -> ${to}, by a ${who}: ${state} ${reason}`, rejected.map(whyNot));
 *   });
 * }
 * ```
 */
export interface MigrationRecord {
  /** The same on both hosts. */
  readonly id: string;
  /** Name of the VM. */
  readonly vm: string;
  /** Host that it leaves. */
  readonly from: string;
  /** Host that it goes to; empty while none is chosen. */
  readonly to: string;
  /** Seen from this host. */
  readonly direction: 'out' | 'in';
  /** Where it is. */
  readonly state: MigrationState;
  /** Who wanted it. */
  readonly by: MigrationBy;
  /** What for. */
  readonly cause: string;
  /** When it began, on this host's clock, in microseconds. */
  readonly startedUs: number;
  /** When it ended, on this host's clock, in microseconds; undefined while it is under way. */
  readonly endedUs: number | undefined;
  /** How much has been copied, 0 to 1, as the hypervisor says. */
  readonly progress: number;
  /** How long the VM ran on neither host, in milliseconds, as the hypervisor says; undefined when it does not. */
  readonly downtimeMs: number | undefined;
  /** Frames that waited to be sent and went with it. */
  readonly outboundFrames: number;
  /** Frames that it had not received yet and went with it. */
  readonly inboundFrames: number;
  /** Hosts that it did not go to, and why. */
  readonly rejected: readonly RejectedHost[];
  /** Why it ended so; empty when it went well. */
  readonly reason: string;
}

/** How many migrations that are over are remembered. */
const KEPT = 1024;
const ENDS: readonly MigrationState[] = ['done', 'called-off', 'refused', 'lost'];

/** One migration as it goes on. */
export class MigrationEntry {
  record: MigrationRecord;
  readonly #log: MigrationLog;

  constructor(log: MigrationLog, record: MigrationRecord) {
    this.#log = log;
    this.record = record;
  }

  /** Writes down what has become of it, and tells of it. */
  note(change: Partial<MigrationRecord>): void {
    const ended = change.state !== undefined && ENDS.includes(change.state);
    this.record = { ...this.record, ...change, ...(ended ? { endedUs: this.#log.nowUs() } : {}) };
    this.#log.told(this);
  }

  reject(host: string, why: string): void {
    this.record = { ...this.record, rejected: [...this.record.rejected, { host, why }] };
  }

  get over(): boolean {
    return this.record.endedUs !== undefined;
  }
}

/** The migrations of a host: those under way, and the latest that are over. */
export class MigrationLog {
  readonly nowUs: () => number;
  readonly #tell: (record: MigrationRecord) => void;
  #entries: MigrationEntry[] = [];

  constructor(nowUs: () => number, tell: (record: MigrationRecord) => void) {
    this.nowUs = nowUs;
    this.#tell = tell;
  }

  begin(
    said: Pick<MigrationRecord, 'id' | 'vm' | 'from' | 'to' | 'direction' | 'by' | 'cause'> & {
      rejected?: readonly RejectedHost[];
    },
  ): MigrationEntry {
    const entry = new MigrationEntry(this, {
      rejected: [],
      ...said,
      state: 'preparing',
      startedUs: this.nowUs(),
      endedUs: undefined,
      progress: 0,
      downtimeMs: undefined,
      outboundFrames: 0,
      inboundFrames: 0,
      reason: '',
    });
    if (this.#entries.length >= KEPT) this.#entries = this.#entries.filter((old, i) => i > 0 || !old.over);
    this.#entries.push(entry);
    return entry;
  }

  told({ record }: MigrationEntry): void {
    this.#tell(record);
  }

  get records(): MigrationRecord[] {
    return this.#entries.map(({ record }) => record);
  }
}
