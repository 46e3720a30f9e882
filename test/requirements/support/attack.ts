import { type Host, type HostBuilder, use } from '@fairlead/core';
import volume from '@fairlead/detector-volume';
import { frame, numberOf, OUTSIDE } from './frames.ts';
import { guest, MAC, nic, runWithResponders } from './hosts.ts';

const WINDOW_MS = 10;
/** Frames of 100 bytes in a millisecond, of VMs a and b and each way, while all is well. */
export const USUAL = 2;
export const FLOOD = 20;
/** So long a flood lasts until it is signalled and answered: two windows, and a look of the host. */
export const NOTICED_MS = 3 * WINDOW_MS;

/** Has a builder's host watch the amount of traffic. */
export function watched(builder: HostBuilder): HostBuilder {
  return builder.detect(use(volume, { windows: 2, floorFps: 100, floorBps: '100kbps' }), { windowMs: WINDOW_MS });
}

/** A frame as a guest got it: its number, and when, in microseconds. */
export interface Got {
  readonly number: number;
  readonly atUs: number;
}

/** Traffic of VMs a and b that goes on for as long as a test wants, in frames with numbers. */
export class Traffic {
  /** What each VM has received. */
  readonly got: Record<'a' | 'b', Got[]> = { a: [], b: [] };
  /** When each frame for VM a was delivered, by its number. */
  readonly sentUs: number[] = [];
  /** Frames that VMs have sent. */
  readonly sent: Record<'a' | 'b', number> = { a: 0, b: 0 };
  readonly #host: Host;
  readonly #nic: string;

  /** `nicName`: over which what is for the VMs comes. */
  constructor(host: Host, nicName = 'nic0') {
    this.#host = host;
    this.#nic = nicName;
  }

  /** Both VMs as usual for a time, but for VM a: so many frames a millisecond. */
  async pass(ms: number, { inbound = USUAL, outbound = USUAL } = {}): Promise<void> {
    const host = this.#host;
    for (let done = 0; done < ms; done++) {
      for (const vm of ['a', 'b'] as const) {
        for (let i = 0; i < (vm === 'a' ? inbound : USUAL); i++) this.#deliver(vm);
        for (let i = 0; i < (vm === 'a' ? outbound : USUAL); i++)
          if (guest(host, vm).send(frame(MAC[vm], { bytes: 100, number: this.sent[vm] }))) this.sent[vm]++;
      }
      await runWithResponders(host, 1);
      for (const vm of ['a', 'b'] as const)
        for (let one = guest(host, vm).receive(); one !== undefined; one = guest(host, vm).receive())
          this.got[vm].push({ number: numberOf(one), atUs: host.nowUs });
    }
  }

  #deliver(vm: 'a' | 'b'): void {
    const number = vm === 'a' ? this.sentUs.push(this.#host.nowUs) - 1 : 0;
    nic(this.#host, this.#nic).deliver(frame(OUTSIDE, { destination: MAC[vm], bytes: 100, number }));
  }
}

/** What was done, as `action vm`. */
export const done = (host: Host): string[] => host.signals.history().map(({ action, vm }) => `${action} ${vm}`);
