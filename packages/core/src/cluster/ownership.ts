import { FairleadError } from '@fairlead/sdk';
import type { Whereabouts } from './message.ts';
import type { RegistryCalls } from './registry-calls.ts';

/** VMs that are claimed anew in one round. */
const CLAIMS_A_ROUND = 128;

/** What the host knows of a VM, for who has it. */
export interface OwnedVms {
  /** Where it is, as this host sees it. */
  whereabouts(vm: string): Whereabouts;
  /** What the hypervisor says: true when it runs here, or is suspended. */
  runsHere(vm: string): Promise<boolean>;
  /** Where it is, as another host says; undefined when it does not answer. */
  askedOf(host: string, vm: string): Promise<Whereabouts | undefined>;
  /** Another host has a VM that runs here, and says so: it must not run twice. */
  yield(vm: string, owner: string): Promise<void>;
}

/** Who has a VM that is on its way: nobody can claim it, and no host starts it. No host's name has such a sign. */
export const inTransit = (from: string, to: string): string => `${from}>${to}`;

/**
 * Which VMs are this host's. A VM is started here only once the registry says so, and on its way it belongs to neither
 * host, but to both together; so whatever fails on the way, nobody else starts it. What could not be told to the registry
 * is told again each round, until it is.
 */
export class Ownership {
  readonly #self: string;
  readonly #registry: RegistryCalls;
  readonly #vms: OwnedVms;
  readonly #tell: (vm: string, message: string) => void;
  /** VMs that are here. */
  readonly #mine = new Set<string>();
  /** VMs that are here, while the registry has them in transit still: under which name. */
  readonly #owed = new Map<string, string>();
  /** VMs that were stopped, and the registry does not know. */
  readonly #toRelease = new Set<string>();
  readonly #told = new Map<string, string>();
  #next = 0;

  constructor(self: string, registry: RegistryCalls, vms: OwnedVms, tell: (vm: string, message: string) => void) {
    this.#self = self;
    this.#registry = registry;
    this.#vms = vms;
    this.#tell = tell;
  }

  /**
   * Takes a VM that is to be started.
   * @throws FairleadError `FAIRLEAD_ERR_VM_ELSEWHERE`; `FAIRLEAD_ERR_REGISTRY` when nobody can say.
   */
  async take(vm: string): Promise<void> {
    this.#toRelease.delete(vm);
    if (!(await this.#registry.claim(vm, this.#self))) {
      const owner = await this.#registry.owner(vm);
      if (owner === undefined || !(await this.#takeFromTransit(vm, owner))) throw elsewhere(vm, owner);
    }
    this.#mine.add(vm);
  }

  /** A VM was stopped. */
  giveUp(vm: string): void {
    if (!this.#mine.delete(vm)) return;
    this.#toRelease.add(vm);
  }

  /** A VM leaves: from now on it is in transit. @throws FairleadError when that is not certain; then `settle` it. */
  async depart(vm: string, to: string): Promise<void> {
    const transit = inTransit(this.#self, to);
    this.#owed.set(vm, transit);
    if (await this.#registry.handOver(vm, this.#self, transit)) return;
    throw new FairleadError('FAIRLEAD_ERR_VM_ELSEWHERE', `the registry says that VM "${vm}" is not this host's`, {
      where: 'registry.handOver',
      mend: 'see which host has it, with: fairlead hosts',
    });
  }

  /** A VM has gone. */
  left(vm: string): void {
    this.#mine.delete(vm);
    this.#owed.delete(vm);
  }

  /** A VM is here after it was in transit. The registry is told now, or when it can be. */
  async settle(vm: string, transit: string): Promise<void> {
    this.#mine.add(vm);
    this.#owed.set(vm, transit);
    await this.#payOne(vm, transit).catch(() => undefined);
  }

  /** Tells the registry what it does not know, and sees that it knows what is here. */
  async round(): Promise<void> {
    for (const vm of [...this.#toRelease]) {
      await this.#registry.release(vm, this.#self);
      this.#toRelease.delete(vm);
    }
    for (const [vm, transit] of [...this.#owed])
      if (this.#vms.whereabouts(vm) === 'here') await this.#payOne(vm, transit);
    const mine = [...this.#mine];
    for (let i = 0; i < Math.min(CLAIMS_A_ROUND, mine.length); i++) {
      const vm = mine[this.#next++ % mine.length] as string;
      if (this.#vms.whereabouts(vm) === 'here' && !this.#owed.has(vm)) await this.#claimAnew(vm);
    }
  }

  async #payOne(vm: string, transit: string): Promise<void> {
    // A handover that failed may not have happened: then it is this host's still, or nobody's.
    const back = await this.#registry.handOver(vm, transit, this.#self);
    this.#owed.delete(vm);
    if (!back) await this.#claimAnew(vm);
  }

  /** A registry that has lost what it knew learns it again; one that says that another host has the VM is heard. */
  async #claimAnew(vm: string): Promise<void> {
    if (await this.#registry.claim(vm, this.#self)) {
      this.#told.delete(vm);
      return;
    }
    const owner = await this.#registry.owner(vm);
    if (owner === undefined || owner === this.#self || this.#vms.whereabouts(vm) !== 'here') return;
    if (await this.#takeFromTransit(vm, owner)) return;
    const said = owner.includes('>') ? undefined : await this.#vms.askedOf(owner, vm);
    this.#say(vm, `the registry says that host "${owner}" has VM "${vm}", which runs here`);
    if (said === 'here' && this.#vms.whereabouts(vm) === 'here') await this.#vms.yield(vm, owner);
  }

  /** A host that was started again finds a VM in transit from or to itself: it is where its hypervisor has it. */
  async #takeFromTransit(vm: string, owner: string): Promise<boolean> {
    const [from, to] = owner.split('>');
    if (from === undefined || to === undefined || (from !== this.#self && to !== this.#self)) return false;
    const other = from === this.#self ? to : from;
    if (!(await this.#vms.runsHere(vm)) && (await this.#vms.askedOf(other, vm)) !== 'gone') return false;
    return this.#registry.handOver(vm, owner, this.#self);
  }

  #say(vm: string, message: string): void {
    if (this.#told.get(vm) === message) return;
    this.#told.set(vm, message);
    this.#tell(vm, message);
  }
}

function elsewhere(vm: string, owner: string | undefined): FairleadError {
  const transit = owner?.split('>') ?? [];
  const who =
    owner === undefined
      ? 'another host'
      : transit.length === 2
        ? `neither host "${transit[0]}" nor host "${transit[1]}", between which it was migrated, says that it is not there: it`
        : `host "${owner}"`;
  return new FairleadError('FAIRLEAD_ERR_VM_ELSEWHERE', `${who} has VM "${vm}"`, {
    where: 'registry.claim',
    mend: 'stop it there, or migrate it here',
  });
}
