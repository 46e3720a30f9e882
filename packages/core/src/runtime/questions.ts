import { FairleadError } from '@fairlead/sdk';
import type { Order } from '../succession/order.ts';
import type { HostMessage, RelocationMessage, TraceMessage } from './mailbox.ts';
import type { PostedPlugin } from './posted.ts';

/** A worker that loads a module and makes an instance has answered by then; one that cannot is lost before. */
const PATIENCE_MS = 10_000;

/** What a worker has answered. */
interface Answered {
  readonly handedOver: boolean;
  readonly id: number;
  readonly frames?: Uint8Array[];
}

/** That a VM goes or has come, as the host says it. */
export type Relocating = DistributiveOmit<RelocationMessage, 'id'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Pending {
  readonly id: number;
  readonly resolve: (answer: Answered) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** What one worker is asked, one question after the other, and what it answers. */
export class Questions {
  #post: (message: HostMessage) => void = () => undefined;
  #pending: Pending | undefined;
  #id = 0;

  /** A worker has begun: this is how it is spoken to. */
  askThrough(post: (message: HostMessage) => void): void {
    this.#post = post;
  }

  async prepare(order: Order<PostedPlugin>): Promise<void> {
    this.#id++;
    await this.#ask({ step: 'prepare', id: this.#id, order });
  }

  /** Says something that needs no answer. */
  tell(message: HostMessage): void {
    this.#post(message);
  }

  /** Resolves to whether a state was handed over. */
  async carryOut(): Promise<boolean> {
    return (await this.#ask({ step: 'carry-out', id: this.#id })).handedOver;
  }

  /** Resolves to what waited in the ring of a VM that goes. */
  async relocate(asked: Relocating): Promise<Uint8Array[]> {
    this.#id++;
    return (await this.#ask({ ...asked, id: this.#id })).frames ?? [];
  }

  abandon(): void {
    this.#post({ step: 'abandon', id: this.#id });
  }

  answered(answer: Answered, error: FairleadError | undefined): void {
    const pending = this.#pending;
    if (pending === undefined || pending.id !== answer.id) return; // it came too late
    this.#settle();
    if (error === undefined) pending.resolve(answer);
    else pending.reject(error);
  }

  lost(what: string): void {
    this.#settle()?.reject(swapError(what));
  }

  #ask(message: Exclude<HostMessage, TraceMessage>): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.lost(`a forwarding worker did not answer in ${PATIENCE_MS / 1000} s`),
        PATIENCE_MS,
      );
      this.#pending = { id: message.id, resolve, reject, timer };
      this.#post(message);
    });
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    clearTimeout(pending?.timer);
    this.#pending = undefined;
    return pending;
  }
}

export function swapError(what: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_SWAP', `the policy was not exchanged: ${what}`, {
    mend: 'the one that served goes on; look at the plugin and try again',
  });
}
