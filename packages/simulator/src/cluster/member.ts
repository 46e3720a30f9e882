import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Account, type Composition, Host } from '@fairlead/core';
import { isFairleadError, parseMac } from '@fairlead/sdk';
import { DecisionDigest } from '../decisions/decision-digest.ts';
import { type DecisionListener, DecisionLog } from '../decisions/decision-log.ts';
import { type Cable, type Fabric, Network } from '../network/network.ts';
import type { InboundWriters, SimulatedNic } from '../network/simulated-nic.ts';
import type { EventResult } from '../result.ts';
import { simulationAccounts } from '../run/accounts.ts';
import { cablesOf } from '../run/cables.ts';
import { watchedBy } from '../run/compose.ts';
import { hear } from '../run/host-events.ts';
import type { NetworkEntry } from '../scenario/schema.ts';
import type { Flow } from '../traffic/flow.ts';
import type { SimulatedGuest } from '../traffic/guest.ts';
import { latencyOf } from './control.ts';
import { type HostPlan, seedOf } from './roster.ts';

/** While the VMs of a host are started. */
const START_STEP_US = 1000;

/** A host of a cluster while it is simulated, and what is behind its NICs. */
export class Member {
  readonly number: number;
  readonly plan: HostPlan;
  readonly host: Host;
  readonly network: Network;
  readonly nics: readonly SimulatedNic[];
  readonly events: EventResult[] = [];
  /** Frames that came with VMs, and were sent again here, by row. */
  readonly #brought: Int32Array;
  readonly digest = new DecisionDigest();
  readonly log: DecisionLog;
  /** When something is due, in microseconds. */
  nextUs = 0;
  readonly #stepUs: number;
  readonly #guests: readonly SimulatedGuest[];
  readonly #latencyMs: number;

  /** @param composed as it is simulated, with the names of the plan. */
  constructor(
    number: number,
    plan: HostPlan,
    composed: Composition,
    fabric: Fabric,
    scenario: {
      readonly network: Readonly<Record<string, NetworkEntry>>;
      readonly step: number;
      readonly seed: number;
    },
    told: DecisionListener,
    moved: (member: Member, vm: number) => void,
  ) {
    this.number = number;
    this.plan = plan;
    this.#stepUs = scenario.step;
    const { vms } = plan.host.config;
    this.log = new DecisionLog(
      vms.map(({ name }) => name),
      this.digest.sink,
      told,
    );
    this.host = new Host(watchedBy(composed, this.log));
    this.log.watch(this.host.arena.nics);
    const cables = cablesOf({ ...scenario, host: plan.host, seed: seedOf(scenario.seed, number), options: {} });
    const macs = vms.map(({ mac }) => parseMac(mac));
    this.network = new Network(cables, plan.vms, macs, number, fabric);
    this.nics = this.host.config.nics.map(({ name }) => this.host.nics.driver<SimulatedNic>(name));
    this.#guests = vms.map(({ name }) => this.host.device<SimulatedGuest>(name));
    this.#brought = new Int32Array(vms.length);
    this.#latencyMs = latencyOf(composed);
    this.host.on('vm', ({ vm, state }) => {
      if (state === 'running' || state === 'suspended') moved(this, plan.vms[this.host.vms.index(vm)] as number);
    });
    this.host.on('migration', ({ vm, direction, state, outboundFrames }) => {
      if (direction === 'in' && state === 'done') this.#brought[this.host.vms.index(vm)] += outboundFrames;
    });
  }

  guest(row: number): SimulatedGuest {
    return this.#guests[row] as SimulatedGuest;
  }

  /** Asks for all guests to be polled: the script has changed something. */
  wake(): void {
    for (const guest of this.#guests) guest.wake();
  }

  /** Starts the host, which then has its part of the traffic. */
  async start(flows: readonly Flow[], inbound: readonly (InboundWriters | undefined)[]): Promise<void> {
    this.network.serve(flows);
    for (const guest of this.#guests) guest.serve(flows);
    for (const [i, nic] of this.nics.entries()) nic.connect(this.network, this.network.cables[i] as Cable, inbound);
    await this.#begin();
    hear(this.host, this.events);
  }

  /** A hypervisor whose calls take time waits for the host's clock, which then begins later than the run. */
  async #begin(): Promise<void> {
    const starts = this.host.start();
    if (this.#latencyMs === 0) return void (await starts);
    let over = false;
    const end = (): void => void (over = true);
    starts.then(end, end);
    for (await nextTurn(); !over; await nextTurn()) this.host.run(START_STEP_US, START_STEP_US);
    await starts;
  }

  /** Notes the end of what the script has begun; it may take time, which must go by meanwhile. */
  underWay(what: string, done: Promise<void> | void): void {
    done?.catch((cause: unknown) => {
      const why = isFairleadError(cause) ? cause.what : String(cause);
      this.events.push({ seconds: this.host.nowUs / 1e6, by: 'host', text: `${what} failed: ${why}` });
    });
  }

  /** Does what is due before `untilUs`, here and beyond the NICs. */
  advance(untilUs: number): void {
    this.nextUs = this.host.advance(untilUs, this.#stepUs);
    if (this.network.nextUs > untilUs) return;
    this.network.advance(untilUs);
    this.nextUs = this.host.advance(untilUs, this.#stepUs);
  }

  /** Moves its clock to a time, for something that is done there. */
  to(untilUs: number): void {
    if (this.host.nowUs < untilUs) this.host.run(untilUs - this.host.nowUs, this.#stepUs);
    this.nextUs = untilUs;
  }

  /** Of the frames of this host: those that passed its NICs, either way. */
  get frames(): number {
    return this.nics.reduce((sum, nic) => sum + nic.sentFrames + nic.receivedFrames, 0);
  }

  /** The conservation law; what does not balance, and the sum of all. */
  accounts(): Account[] {
    const all = simulationAccounts(this.host, this.network, this.nics, this.#brought);
    const wrong = all.filter(({ missing }) => missing !== 0);
    const sum = (of: (account: Account) => number): number => all.reduce((total, account) => total + of(account), 0);
    const whole: Account = {
      subject: `all of host ${this.plan.name}`,
      accepted: sum(({ accepted }) => accepted),
      transmitted: sum(({ transmitted }) => transmitted),
      queued: sum(({ queued }) => queued),
      dropped: sum(({ dropped }) => dropped),
      missing: sum(({ missing }) => missing),
    };
    return [whole, ...wrong.map((account) => ({ ...account, subject: `${this.plan.name}: ${account.subject}` }))];
  }
}
