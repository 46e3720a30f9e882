import { join, parse } from 'node:path';
import {
  type Clock,
  FairleadError,
  type FrameBurst,
  inject,
  isFairleadError,
  LinePacer,
  type LinkStatus,
  type Log,
  Logger,
  Nic,
  type NicContext,
  type NicDriver,
  Options,
  Rate,
  type Static,
  Time,
  Type,
} from '@fairlead/sdk';
import { CaptureReader } from './capture-reader.ts';
import { CaptureWriter } from './capture-writer.ts';

/** Options of the pcap NIC. */
export const pcapNicOptions = Type.Object(
  {
    read: Type.Optional(
      Type.String({ minLength: 1, description: 'Capture whose frames the NIC receives; none when left out.' }),
    ),
    timing: Type.Union([Type.Literal('capture'), Type.Literal('asap')], {
      default: 'capture',
      description: 'When they come: as far apart as in the capture, from the start on; or as fast as they are taken.',
    }),
    truncated: Type.Union([Type.Literal('error'), Type.Literal('warn')], {
      default: 'error',
      description: 'What a capture that is cut off in the middle of a frame gives.',
    }),
    write: Type.Optional(
      Type.String({ minLength: 1, description: 'Capture for the frames the NIC sends; none when left out.' }),
    ),
    format: Type.Union([Type.Literal('pcap'), Type.Literal('pcapng')], {
      default: 'pcap',
      description: 'Format of what is written.',
    }),
    stamps: Type.Union([Type.Literal('us'), Type.Literal('ns')], {
      default: 'us',
      description: 'Resolution of the stamps written.',
    }),
    speedBps: Rate({
      default: 1e9,
      exclusiveMinimum: 0,
      description: 'Link speed; the queues of a NIC share it equally.',
    }),
  },
  { additionalProperties: false },
);

/** What happened on one instance. */
export interface PcapNicCounters {
  /** Frames it has written. */
  sentFrames: number;
  /** Bytes of these. */
  sentBytes: number;
  /** Frames it has read and given to the host. */
  receivedFrames: number;
  /** Of those received, frames of which the capture has only the beginning. */
  cutFrames: number;
}

/**
 * A NIC whose network is a pair of files: it receives what one capture holds and writes what it sends to another.
 *
 * @example
 * ```ts
 * import pcap, { type PcapNic, type PcapNicCounters } from '@fairlead/nic-driver-pcap';
 * import { createInstance } from '@fairlead/sdk/testing';
 *
 * const nic = createInstance(pcap, { write: '/tmp/sent.pcap' }) as PcapNic;
 * await nic.open();
 * const counters: PcapNicCounters = nic.counters;
 * await nic.close();
 * ```
 */
export class PcapNic implements NicDriver {
  /** What it has written and read so far. */
  readonly counters: PcapNicCounters = { sentFrames: 0, sentBytes: 0, receivedFrames: 0, cutFrames: 0 };
  readonly #line = new LinePacer();
  #reader: CaptureReader | undefined;
  #writer: CaptureWriter | undefined;
  #startUs = 0;
  /** When the frame that the reader stands at arrives; Infinity when there is none. */
  #dueUs = Number.POSITIVE_INFINITY;
  #fault: unknown;

  constructor(
    @inject(Options) private readonly options: Static<typeof pcapNicOptions>,
    @inject(Nic) private readonly nic: NicContext,
    @inject(Time) private readonly clock: Clock,
    @inject(Logger) private readonly log: Log,
  ) {}

  /**
   * Opens the captures.
   *
   * @throws FairleadError `FAIRLEAD_ERR_DRIVER_OPEN` when a file cannot be opened, `FAIRLEAD_ERR_CAPTURE_FORMAT` when it is no capture.
   */
  async open(): Promise<void> {
    const { read, write, truncated, format, stamps } = this.options;
    if (this.nic.role === 'control') return;
    try {
      if (read !== undefined && this.nic.receives) {
        this.#reader = new CaptureReader(
          read,
          truncated === 'warn' ? { onTruncated: (message) => this.log.warn(message) } : {},
        );
        this.#startUs = this.clock.nowUs();
        this.#goOn(this.#reader);
        this.#raise();
      }
      if (write !== undefined) {
        this.#writer = new CaptureWriter(this.#ownPath(write), { format, stamps, interfaceName: this.nic.name });
      }
    } catch (cause) {
      if (isFairleadError(cause)) throw cause;
      throw new FairleadError(
        'FAIRLEAD_ERR_DRIVER_OPEN',
        `the capture ${write} cannot be written: ${(cause as Error).message}`,
        {
          where: `NIC ${this.nic.name}`,
          mend: 'check that the folder exists and may be written to',
          cause,
        },
      );
    }
  }

  async close(): Promise<void> {
    this.#dueUs = Number.POSITIVE_INFINITY;
    this.#reader?.close();
    this.#writer?.close();
  }

  link(): LinkStatus {
    return { up: true, speedBps: this.options.speedBps };
  }

  send(burst: FrameBurst): number {
    const line = this.#line;
    const usPerByte = (8e6 * this.nic.queues) / this.options.speedBps;
    line.look(burst.nowUs);
    let taken = 0;
    while (taken < burst.count && line.isFree(burst.nowUs)) {
      const bytes = burst.bytes[taken];
      const beginUs = line.carry(bytes * usPerByte);
      if (!this.#write(beginUs, burst, taken)) break;
      this.counters.sentFrames++;
      this.counters.sentBytes += bytes;
      taken++;
    }
    line.leave(taken < burst.count);
    return taken;
  }

  receive(burst: FrameBurst): number {
    if (this.#fault !== undefined) this.#raise();
    const reader = this.#reader;
    let count = 0;
    while (reader !== undefined && count < burst.capacity && this.#dueUs <= burst.nowUs) {
      const from = reader.memory;
      const at = reader.at;
      const bytes = Math.min(reader.bytes, burst.maxFrameBytes);
      const to = burst.offset[count];
      for (let i = 0; i < bytes; i++) burst.memory[to + i] = from[at + i];
      burst.bytes[count] = Math.min(reader.bytes, burst.maxFrameBytes + 1);
      if (reader.bytes < reader.originalBytes) this.counters.cutFrames++;
      count++;
      this.counters.receivedFrames++;
      this.#goOn(reader);
    }
    return count;
  }

  nextEventUs(nowUs: number): number {
    if (this.#fault !== undefined) return nowUs;
    return Math.max(nowUs, Math.min(this.#line.nextBeginUs(nowUs), this.#dueUs));
  }

  /** Writes frame `i`. A full disk throws, but only once the frames taken before have been told to the host. */
  #write(nowUs: number, burst: FrameBurst, i: number): boolean {
    if (this.#writer === undefined) return true;
    try {
      this.#writer.write(nowUs, burst.memory, burst.offset[i], burst.bytes[i]);
      return true;
    } catch (error) {
      if (i === 0) throw error;
      return false;
    }
  }

  /** Goes on to the next frame. A damaged file throws, but only once the frames before have been given to the host. */
  #goOn(reader: CaptureReader): void {
    this.#dueUs = Number.POSITIVE_INFINITY;
    try {
      if (!reader.next()) return;
      this.#dueUs = this.options.timing === 'asap' ? this.#startUs : this.#startUs + reader.sinceFirstUs;
    } catch (error) {
      this.#fault = error;
    }
  }

  /** Throws what was found wrong with the file, once; nothing more is read from it. */
  #raise(): void {
    const fault = this.#fault;
    if (fault === undefined) return;
    this.#fault = undefined;
    throw fault;
  }

  /**
   * Queues and replaced workers write files of their own, `out-q1.pcap` and `out-r1.pcap` beside `out.pcap`, so that
   * none overwrites another's. How often a queue was opened is kept in the memory that its instances share.
   */
  #ownPath(path: string): string {
    const { queue, shared } = this.nic;
    const reopened = queue < shared.length ? shared[queue]++ : 0;
    const { dir, name, ext } = parse(path);
    const own = `${name}${queue > 0 ? `-q${queue}` : ''}${reopened > 0 ? `-r${reopened}` : ''}${ext}`;
    return join(dir, own);
  }
}
