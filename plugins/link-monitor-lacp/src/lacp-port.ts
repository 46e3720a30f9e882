import { isSamePort, type Lacpdu, type PortInformation, PortState } from './lacpdu.ts';

const { Activity, ShortTimeout, Aggregation, Synchronization, Collecting, Distributing, Defaulted, Expired } =
  PortState;
/** What the partner has to know of this port as it is; a difference is news for it (§6.4.9, update_NTT). */
const TOLD = Activity | ShortTimeout | Synchronization | Aggregation;
/** A timeout is three periods (§6.4.4). */
const PERIODS = 3;
/** LACPDUs in one fast period at most (§6.4.16). */
const MAX_A_PERIOD = 3;
const NEVER = Number.POSITIVE_INFINITY;

/** What is the same for all ports of a team. */
export interface LacpRules {
  readonly systemPriority: number;
  readonly system: string;
  readonly key: number;
  readonly portPriority: number;
  /** Speaks first; a passive one answers. */
  readonly active: boolean;
  /** Wants to hear from its partner every fast period. */
  readonly fast: boolean;
  readonly fastPeriodicUs: number;
  readonly slowPeriodicUs: number;
  readonly aggregateWaitUs: number;
}

export type ReceiveState = 'disabled' | 'expired' | 'defaulted' | 'current';
export type MuxState = 'detached' | 'waiting' | 'attached' | 'distributing';

/** A partner that nobody has heard of: it is to hear from this port often. */
const NOBODY: PortInformation = {
  systemPriority: 0,
  system: '000000000000',
  key: 0,
  portPriority: 0,
  port: 0,
  state: ShortTimeout,
};

/**
 * One port: the receive, periodic, mux (coupled control) and transmit machines of IEEE 802.1AX-2020 §6.4. Which ports
 * are selected is the aggregator's to say.
 *
 * ```
 *   link up ─► expired ─3 fast─► defaulted            selected ─► waiting ─2 s─► attached ◄─► distributing
 *                 ▲  ╲              │                                             partner in sync
 *       3 periods │   ╲ LACPDU      │ LACPDU           unselected ─► detached
 *                current ◄──────────┘
 * ```
 */
export class LacpPort {
  receiving: ReceiveState = 'disabled';
  mux: MuxState = 'detached';
  /** What this end believes of the other. */
  partner: PortInformation = NOBODY;
  /** True once a partner was heard since the link came up. */
  hasHeard = false;
  readonly #rules: LacpRules;
  readonly #port: number;
  #currentUntilUs = NEVER;
  #waitUntilUs = NEVER;
  #periodicUs = Number.NEGATIVE_INFINITY;
  #needsToTransmit = false;
  #sentUs: number[] = [];

  constructor(rules: LacpRules, port: number) {
    this.#rules = rules;
    this.#port = port;
  }

  /** What this port says of itself. */
  get actor(): PortInformation {
    const { systemPriority, system, key, portPriority, active, fast } = this.#rules;
    const attached = this.mux === 'attached' || this.mux === 'distributing';
    const state =
      Aggregation |
      (active ? Activity : 0) |
      (fast ? ShortTimeout : 0) |
      (attached ? Synchronization : 0) |
      (this.mux === 'distributing' ? Collecting | Distributing : 0) |
      (this.receiving === 'defaulted' ? Defaulted : 0) |
      (this.receiving === 'expired' ? Expired : 0);
    return { systemPriority, system, key, portPriority, port: this.#port, state };
  }

  /** The driver reports a link, or none. */
  setLink(up: boolean, nowUs: number): void {
    if (up === (this.receiving !== 'disabled')) return;
    this.mux = 'detached';
    this.partner = NOBODY;
    this.hasHeard = false;
    this.#needsToTransmit = false;
    this.#periodicUs = Number.NEGATIVE_INFINITY;
    this.receiving = 'disabled';
    this.#currentUntilUs = NEVER;
    if (up) this.#expire(nowUs);
  }

  #expire(nowUs: number): void {
    this.receiving = 'expired';
    this.partner = { ...this.partner, state: (this.partner.state & ~Synchronization) | ShortTimeout };
    this.#currentUntilUs = nowUs + PERIODS * this.#rules.fastPeriodicUs;
  }

  /** A LACPDU has arrived. */
  hear(pdu: Lacpdu, nowUs: number): void {
    if (this.receiving === 'disabled') return;
    const { actor } = this;
    // Another port at the other end: what was agreed with the one before holds no more (§6.4.9, update_Selected).
    if (this.hasHeard && !isSamePort(pdu.actor, this.partner)) this.#detach();
    const knows = isSamePort(pdu.partner, actor);
    if (!knows || ((pdu.partner.state ^ actor.state) & TOLD) !== 0) this.#needsToTransmit = true;
    const isIndividual = (pdu.actor.state & Aggregation) === 0;
    const isKept =
      (pdu.actor.state & Activity) !== 0 || ((actor.state & Activity) !== 0 && (pdu.partner.state & Activity) !== 0);
    const inSync = (knows || isIndividual) && isKept && (pdu.actor.state & Synchronization) !== 0;
    this.partner = {
      ...pdu.actor,
      state: (pdu.actor.state & ~Synchronization) | (inSync ? Synchronization : 0),
    };
    this.hasHeard = true;
    this.receiving = 'current';
    const { fast, fastPeriodicUs, slowPeriodicUs } = this.#rules;
    this.#currentUntilUs = nowUs + PERIODS * (fast ? fastPeriodicUs : slowPeriodicUs);
  }

  /** The time that a partner has to speak may be over, or that between two LACPDUs. */
  tick(nowUs: number): void {
    if (nowUs >= this.#currentUntilUs) {
      if (this.receiving === 'current') this.#expire(nowUs);
      else this.#default();
    }
    if (nowUs < this.#nextPeriodicUs) return;
    this.#periodicUs = nowUs;
    this.#needsToTransmit = true;
  }

  #default(): void {
    this.receiving = 'defaulted';
    this.#currentUntilUs = NEVER;
    // What is left is a partner that has nothing in common with this port but that it should hear it.
    this.partner = NOBODY;
  }

  get #speaks(): boolean {
    return this.receiving !== 'disabled' && (this.#rules.active || (this.partner.state & Activity) !== 0);
  }

  get #nextPeriodicUs(): number {
    if (!this.#speaks) return NEVER;
    const { fastPeriodicUs, slowPeriodicUs } = this.#rules;
    return this.#periodicUs + ((this.partner.state & ShortTimeout) !== 0 ? fastPeriodicUs : slowPeriodicUs);
  }

  /** The mux machine, as far as it goes now. */
  go(isSelected: boolean, nowUs: number): void {
    if (!isSelected) this.#detach();
    else if (this.mux === 'detached') {
      this.mux = 'waiting';
      this.#waitUntilUs = nowUs + this.#rules.aggregateWaitUs;
    }
    if (this.mux === 'waiting' && nowUs >= this.#waitUntilUs) this.#become('attached');
    const inSync = (this.partner.state & Synchronization) !== 0;
    if (this.mux === 'attached' && inSync) this.#become('distributing');
    else if (this.mux === 'distributing' && !inSync) this.#become('attached');
  }

  #detach(): void {
    if (this.mux === 'attached' || this.mux === 'distributing') this.#needsToTransmit = true;
    this.mux = 'detached';
  }

  #become(mux: MuxState): void {
    this.mux = mux;
    this.#needsToTransmit = true;
  }

  /** Sends what the partner needs to know; what there is no room for waits. */
  transmit(nowUs: number, send: (pdu: Lacpdu) => boolean): void {
    if (!this.#speaks) this.#needsToTransmit = false;
    if (!this.#needsToTransmit || nowUs < this.#mayTransmitUs) return;
    if (!send({ actor: this.actor, partner: this.partner })) return;
    this.#needsToTransmit = false;
    this.#sentUs = [...this.#sentUs.slice(1 - MAX_A_PERIOD), nowUs];
  }

  get #mayTransmitUs(): number {
    if (this.#sentUs.length < MAX_A_PERIOD) return Number.NEGATIVE_INFINITY;
    return (this.#sentUs[0] as number) + this.#rules.fastPeriodicUs;
  }

  /** When something is to be done next. */
  get dueUs(): number {
    const transmitUs = this.#needsToTransmit ? this.#mayTransmitUs : NEVER;
    const waitUs = this.mux === 'waiting' ? this.#waitUntilUs : NEVER;
    return Math.min(this.#currentUntilUs, this.#nextPeriodicUs, waitUs, transmitUs);
  }
}
