import { MAX_BATCH, TransmitBatch } from '../../batch.ts';
import type { AdmissionPolicy } from '../../points/admission-policy.ts';
import { Verdict } from '../../verdict.ts';
import type { AdmissionScenario } from './admission-scenario.ts';
import { layOutHeaders } from './batch-frames.ts';
import { fillBatch } from './batch-watch.ts';
import type { Make } from './candidate.ts';
import { kitParts, tablesWritten } from './parts.ts';

/** When a VM has frames to send, as many as a batch takes; it arrives at one of these. */
const SENDS_AT_US = [0, 100, 1000, 20_000];

/** A policy with one VM, which always has more to send than it may. */
class Sending {
  readonly #policy: AdmissionPolicy;
  readonly #parts;
  readonly #frames: readonly number[];
  readonly #headers: boolean;
  readonly #batch = new TransmitBatch();

  constructor(make: Make<AdmissionPolicy>, { phases, vms, rings, headers }: AdmissionScenario) {
    this.#parts = kitParts(phases[0].speedsBps, vms.slice(0, 1));
    this.#policy = make(this.#parts);
    const [ring] = rings;
    this.#frames = Array.from({ length: MAX_BATCH }, (_, i) => ring[i % ring.length]);
    this.#headers = headers;
  }

  /** Says that the VM has come from another host; answers what is wrong with that. */
  arrives(nowUs: number): string | undefined {
    this.#parts.clock.advance(nowUs - this.#parts.clock.nowUs());
    const written = tablesWritten(this.#parts);
    const answer: unknown = this.#policy.arrive?.(0, nowUs);
    return answer === undefined ? written() : `its arrive returned ${String(answer)}`;
  }

  /** Bytes that it may send at an instant, of all that is offered. */
  admitted(nowUs: number): number {
    this.#parts.clock.advance(nowUs - this.#parts.clock.nowUs());
    const batch = this.#batch;
    this.#policy.sweep?.(nowUs);
    fillBatch(batch, 0, this.#frames, nowUs, this.#frames.length);
    if (this.#headers) layOutHeaders(batch, this.#frames, nowUs, 0);
    this.#policy.admit(batch);
    let bytes = 0;
    for (let i = 0; i < batch.queuedFrom; i++) if (batch.verdict[i] === Verdict.Admit) bytes += this.#frames[i];
    return bytes;
  }
}

/**
 * That a VM which comes from another host is given nothing for it: with the same past it may send no more than if it had
 * not come just then. Where frames are dropped, what is left of a smaller bucket may fit one that did not fit the larger.
 */
export function faultOfArriving(make: Make<AdmissionPolicy>, scenario: AdmissionScenario): string | undefined {
  const longest = Math.max(...scenario.rings[0]);
  const stays = new Sending(make, scenario);
  const most = SENDS_AT_US.map((nowUs) => stays.admitted(nowUs));
  for (const [last, nowUs] of SENDS_AT_US.entries()) {
    const comes = new Sending(make, scenario);
    for (const beforeUs of SENDS_AT_US.slice(0, last)) comes.admitted(beforeUs);
    const wrong = comes.arrives(nowUs);
    if (wrong !== undefined) return wrong;
    const bytes = comes.admitted(nowUs);
    if (bytes >= most[last] + longest)
      return `at ${nowUs} us it let ${bytes} bytes of the VM go when it had just come, ${most[last]} when it had been there`;
  }
  return undefined;
}
