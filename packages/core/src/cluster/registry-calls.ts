import { FairleadError, type HostInfo, type HostRegistry } from '@fairlead/sdk';
import type { PluginPlan } from '../plan.ts';
import { inTime } from '../plugins/control-call.ts';
import { decodeAnswer, encode, type HostAnswer, type Question } from './message.ts';

/**
 * The calls that a host makes to its registry, each bounded in time. A rejection means that the registry is out of reach,
 * but for one of `ask`, which may be the other host's.
 */
export class RegistryCalls {
  /** What came of the latest call. */
  reachable = true;
  readonly #registry: HostRegistry;
  readonly #plan: PluginPlan<'host-registry'>;
  readonly #changed: (reachable: boolean, why: string) => void;

  constructor(
    registry: HostRegistry,
    plan: PluginPlan<'host-registry'>,
    changed: (reachable: boolean, why: string) => void,
  ) {
    this.#registry = registry;
    this.#plan = plan;
    this.#changed = changed;
  }

  /** True when VMs can go from host to host with it. */
  get migrates(): boolean {
    const { owner, handOver, ask, answer } = this.#registry;
    return [owner, handOver, ask, answer].every((hook) => hook !== undefined);
  }

  announce(self: HostInfo): Promise<void> {
    return this.#call('announce', async () => this.#registry.announce(self));
  }

  hosts(): Promise<readonly HostInfo[]> {
    return this.#call('hosts', async () => this.#registry.hosts());
  }

  claim(vm: string, host: string): Promise<boolean> {
    return this.#call('claim', async () => this.#registry.claim(vm, host));
  }

  release(vm: string, host: string): Promise<void> {
    return this.#call('release', async () => this.#registry.release(vm, host));
  }

  owner(vm: string): Promise<string | undefined> {
    return this.#call('owner', async () => this.#registry.owner?.(vm));
  }

  handOver(vm: string, from: string, to: string): Promise<boolean> {
    return this.#call('handOver', async () => (await this.#registry.handOver?.(vm, from, to)) === true);
  }

  answer(host: string, handler: (question: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    return this.#call('answer', async () => this.#registry.answer?.(host, handler));
  }

  /** @throws FairleadError also when the other host refuses: then with its reason as `what`. */
  async ask(host: string, question: Question | Uint8Array): Promise<HostAnswer> {
    const bytes = question instanceof Uint8Array ? question : encode(question);
    const asked = async (): Promise<Uint8Array> => {
      if (this.#registry.ask === undefined) throw new Error('this registry carries no questions');
      return this.#registry.ask(host, bytes);
    };
    try {
      const answer = decodeAnswer(await inTime(asked, this.#about('ask')));
      if (answer.refused !== undefined) throw new Error(answer.refused);
      return answer;
    } catch (cause) {
      throw failed(`host "${host}" did not do what it was asked`, cause);
    }
  }

  async close(): Promise<void> {
    await inTime(async () => this.#registry.close?.(), this.#about('close'));
  }

  async #call<T>(hook: string, call: () => Promise<T>): Promise<T> {
    try {
      const answer = await inTime(call, this.#about(hook));
      this.#reached(true, '');
      return answer;
    } catch (cause) {
      const error = failed('the registry is out of reach', cause);
      this.#reached(false, error.what);
      throw error;
    }
  }

  #about(hook: string) {
    const { name, where, budget } = this.#plan;
    return { plugin: name, hook, where, limitMs: budget.controlMs };
  }

  #reached(reachable: boolean, why: string): void {
    if (reachable === this.reachable) return;
    this.reachable = reachable;
    this.#changed(reachable, why);
  }
}

function failed(what: string, cause: unknown): FairleadError {
  const why = cause instanceof FairleadError ? cause.what : cause instanceof Error ? cause.message : String(cause);
  return new FairleadError('FAIRLEAD_ERR_REGISTRY', `${what}: ${why}`, {
    where: 'registry',
    mend: 'it is tried again; the VMs of this host run on',
    cause,
  });
}
