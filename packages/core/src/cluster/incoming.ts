import { FairleadError, VmRunState } from '@fairlead/sdk';
import { type HeldVm, STATES, type VmState } from '../managers/hypervisor-calls.ts';
import type { ClusterParts } from './cluster-parts.ts';
import type { Prepare, Whereabouts } from './message.ts';
import type { MigrationEntry } from './migration-record.ts';
import { inTransit } from './ownership.ts';

/** A host that has prepared a VM hears of it no longer than so much after the migration must be over. */
const GRACE_MS = 10_000;
/** How often the hypervisor is asked whether the VM runs here. */
const ASK_AGAIN_MS = 1000;
/** Frames of a VM that are on their way with it, at most: as many as the longest rings hold. */
const MOST_FRAMES = 131_072;

/**
 * A VM comes. Nothing of it runs here before the hypervisor says so; then it gets what had waited for it, its frames are
 * sent before anything that it sends here, the network is told where it is, and the registry.
 */
export class Incoming {
  readonly question: Prepare;
  readonly #parts: ClusterParts;
  readonly #entry: MigrationEntry;
  readonly #dueUs: number;
  readonly #outbound: Uint8Array[] = [];
  readonly #inbound: Uint8Array[] = [];
  #received = 0;
  #end: (how: 'settled' | 'dismissed') => void = () => undefined;
  /** The source says that it has gone, or that it does not come. */
  readonly #ended = new Promise<'settled' | 'dismissed'>((resolve) => (this.#end = resolve));
  /** Resolves when it is here, or will not be. */
  readonly over: Promise<void>;
  #isOver: () => void = () => undefined;
  #here = false;
  #calledOff = false;

  constructor(parts: ClusterParts, question: Prepare) {
    this.#parts = parts;
    this.question = question;
    const { id, vm, from, by, cause } = question;
    this.#entry = parts.log.begin({ id, vm, from, to: parts.self, direction: 'in', by, cause });
    this.#dueUs = parts.nowUs() + (parts.rules.limitMs + GRACE_MS) * 1000;
    this.over = new Promise((resolve) => (this.#isOver = resolve));
  }

  /** Where the VM is, as seen from here. */
  get where(): Whereabouts {
    return this.#here ? 'here' : 'coming';
  }

  /** True when nothing more can come of it, as the source is silent. */
  isOverdue(nowUs: number): boolean {
    return nowUs >= this.#dueUs;
  }

  /** Gets ready, tells where the VM is to be sent, and then waits for it with its turn held. */
  async run(held: HeldVm, ready: (address: string) => void): Promise<void> {
    const { calls, ref } = held;
    const before = held.state();
    try {
      if (before !== 'stopped' && before !== 'migrated') throw refusal(`VM "${ref.name}" is ${before} here`);
      const { hypervisor } = calls;
      if (hypervisor?.receive === undefined) throw refusal('the hypervisor takes no VMs of other hosts');
      const address = await calls.bounded('receive', async () => (await hypervisor.receive?.(ref)) ?? '');
      if (typeof address !== 'string' || address === '') throw refusal('the hypervisor gives no address');
      held.set(VmRunState.Migrating);
      this.#entry.note({ state: 'copying' });
      const came = this.#arrival(held);
      ready(address);
      const how = await Promise.race([came, this.#ended]);
      if (how !== 'dismissed' && (await this.#takeInWhenSaid(held))) return;
      await this.#dismissed(held, before);
    } catch (cause) {
      held.set(STATES.indexOf(before) as VmRunState);
      if (!this.#entry.over)
        this.#entry.note({ state: 'refused', reason: (cause as FairleadError).what ?? String(cause) });
      throw cause;
    } finally {
      this.#isOver();
    }
  }

  /** It has come when the hypervisor says so, asked or not: what it says of a VM's arrival may be lost, or never come. */
  async #arrival({ calls, ref }: HeldVm): Promise<'arrived' | 'dismissed'> {
    const { hypervisor } = calls;
    const never = new Promise<never>(() => undefined);
    const wait = async (): Promise<'arrived'> => (await (hypervisor?.arrived?.(ref) ?? never), 'arrived');
    const told = wait().catch(() => never);
    for (;;) {
      const how = await Promise.race([this.#parts.after(ASK_AGAIN_MS), told]);
      if (how === 'arrived') return how;
      if (this.#calledOff || this.#parts.closing()) return 'dismissed';
      const status = await calls.status(ref);
      if (status === 'running' || status === 'suspended') return 'arrived';
    }
  }

  /** Frames that travel with the VM. Told twice, they are taken once. */
  add(part: number, outbound: number, frames: readonly Uint8Array[]): void {
    if (this.#here) throw refusal('the VM runs here already');
    if (part < this.#received) return;
    if (part > this.#received) throw refusal(`part ${this.#received} of its frames is missing`);
    if (outbound > frames.length || this.#outbound.length + this.#inbound.length + frames.length > MOST_FRAMES)
      throw refusal('these are not the frames of a VM');
    this.#received++;
    this.#outbound.push(...frames.slice(0, outbound));
    this.#inbound.push(...frames.slice(outbound));
  }

  /** The source says that the VM has gone there. */
  settle(): void {
    this.#end('settled');
  }

  /** The VM does not come. */
  dismiss(): void {
    this.#calledOff = true;
    this.#end('dismissed');
  }

  /** It has come, or should have: the hypervisor may not say so at once, or not answer at all for a time. */
  async #takeInWhenSaid(held: HeldVm): Promise<boolean> {
    while (!(await this.#takeIn(held))) {
      if (this.#calledOff || this.#parts.closing() || this.isOverdue(this.#parts.nowUs())) return false;
      await this.#parts.after(ASK_AGAIN_MS);
    }
    return true;
  }

  /** True when it is here. */
  async #takeIn(held: HeldVm): Promise<boolean> {
    const { luggage, ownership, coolDowns, nowUs, self } = this.#parts;
    const { ref, calls } = held;
    const { from, byHand, moves, allocation, vm } = this.question;
    const status = await calls.status(ref);
    if (status !== 'running' && status !== 'suspended') return false;
    luggage.setAllocation(vm, {
      ...allocation,
      limitBps: allocation.limitBps ?? Number.POSITIVE_INFINITY,
      peakBps: allocation.peakBps ?? Number.POSITIVE_INFINITY,
    });
    held.setAway(false);
    const asked = { step: 'arrive', vm: ref.index, inbound: this.#inbound, anew: true } as const;
    await luggage.relocate(asked).catch(() => undefined); // its worker was lost, and they with it
    luggage.send(ref.index, this.#outbound);
    const rests = status === 'suspended' && byHand;
    if (rests) held.holdByHand();
    // Who suspended it elsewhere can let it go on no longer: only an operator's word goes with it.
    else if (status === 'suspended')
      await calls.bounded('resume', async () => calls.hypervisor?.resume(ref)).catch(() => undefined);
    held.set(rests ? VmRunState.Suspended : VmRunState.Running);
    this.#here = true;
    luggage.announce(ref.index);
    coolDowns.note(vm, moves, nowUs());
    this.#entry.note({
      state: 'done',
      progress: 1,
      outboundFrames: this.#outbound.length,
      inboundFrames: this.#inbound.length,
    });
    await ownership.settle(vm, inTransit(from, self));
    return true;
  }

  async #dismissed({ calls, ref, set }: HeldVm, before: VmState): Promise<void> {
    const { hypervisor } = calls;
    await calls.bounded('dismiss', async () => hypervisor?.dismiss?.(ref)).catch(() => undefined);
    set(STATES.indexOf(before) as VmRunState);
    const reason = this.#calledOff ? 'the source called it off' : 'it did not arrive';
    this.#entry.note({ state: 'called-off', reason });
  }
}

export function refusal(why: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_MIGRATION', why, { where: 'migration', mend: 'choose another host' });
}
