import type { Members, TeamRules } from './team-rules.ts';

const NONE = -1;

/**
 * Which members of a team serve now, and which of them first. A state machine without a clock of its own: it is told
 * when something happened (`settle`) and says when it wants to be told again (`nextDueUs`).
 *
 * There are as many places as the rules have active members. A place falls vacant when its member fails, and the next
 * usable member in failover order, active before standby, takes it. A member that failed and came back is on hold until
 * it has stayed up for the hold-down, unless nobody else could serve; with failback it then takes its place back from a
 * member behind it in the order, without failback it waits for the next vacancy that a failure makes.
 *
 * Of those that serve one is first: `current`. Policies that use one NIC use that one. It stays first until it fails or
 * the rules prefer another (Linux, Documentation/networking/bonding.rst, "primary_reselect" and "prio").
 */
export class Team {
  #rules: TeamRules;
  readonly #members: Members;
  /** Members that hold a place. */
  #serving: number[] = [];
  #current = NONE;
  /** When a member that has failed came back; Infinity while it is down. Absent: it has not failed. */
  readonly #backSinceUs = new Map<number, number>();
  /** Members that came back without failback, and wait for a vacancy. */
  readonly #reserve = new Set<number>();

  constructor(rules: TeamRules, members: Members) {
    this.#rules = rules;
    this.#members = members;
  }

  get rules(): TeamRules {
    return this.#rules;
  }

  /** NIC numbers that serve, the current one first, the others in failover order; empty below the minimum of links. */
  get serving(): readonly number[] {
    if (this.#serving.length < this.#rules.minLinks) return [];
    return this.#current === NONE ? [] : [this.#current, ...this.#serving.filter((nic) => nic !== this.#current)];
  }

  /** The member that is first now; undefined while none serves. */
  get current(): number | undefined {
    return this.serving[0];
  }

  /** Members that could serve if they were needed or allowed to. */
  get waiting(): readonly number[] {
    return this.#order.filter((nic) => this.#members.usable(nic) && !this.#serving.includes(nic));
  }

  /** Why a member that is usable does not serve, in words. */
  whyWaiting(nic: number, nowUs: number): string {
    const { standby, holdDownUs } = this.#rules;
    if (!this.#order.includes(nic)) return 'no active or standby member of the team';
    if (this.#reserve.has(nic)) return 'it has returned and waits for another to fail (no failback)';
    const leftUs = (this.#backSinceUs.get(nic) ?? Number.NEGATIVE_INFINITY) + holdDownUs - nowUs;
    if (leftUs > 0 && leftUs < Number.POSITIVE_INFINITY) return `on hold for another ${Math.ceil(leftUs / 1000)} ms`;
    if (standby.includes(nic)) return 'standby: the active members serve';
    return this.#serving.length < this.#rules.minLinks ? 'the team is below its minimum of links' : 'does not serve';
  }

  get #order(): readonly number[] {
    return [...this.#rules.active, ...this.#rules.standby];
  }

  /** Follows what happened to the members. True when other members serve, or another one is first. */
  settle(nowUs: number): boolean {
    return this.#change(() => this.#fill(nowUs), false);
  }

  /** Other rules: roles, order, primary. A primary that is newly named comes first at once, whatever `reselect` says. */
  setRules(rules: TeamRules, nowUs: number): boolean {
    const named = rules.primary !== this.#rules.primary ? rules.primary : undefined;
    this.#rules = rules;
    for (const nic of [...this.#backSinceUs.keys()]) if (!this.#order.includes(nic)) this.#forget(nic);
    return this.#change(() => {
      this.#fill(nowUs);
      if (named !== undefined && this.#serving.includes(named)) this.#current = named;
    }, true);
  }

  /** Puts a member that serves first, until the next change of those that serve. False when it does not serve. */
  setCurrent(nic: number): boolean {
    if (!this.#serving.includes(nic)) return false;
    this.#current = nic;
    return true;
  }

  /** When a member on hold may serve, in microseconds; Infinity when none is on hold. */
  get nextDueUs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const [nic, since] of this.#backSinceUs) {
      if (!this.#serving.includes(nic) && !this.#reserve.has(nic))
        next = Math.min(next, since + this.#rules.holdDownUs);
    }
    return next;
  }

  #forget(nic: number): void {
    this.#backSinceUs.delete(nic);
    this.#reserve.delete(nic);
  }

  #change(fill: () => void, ruled: boolean): boolean {
    const before = this.serving;
    const places = this.#serving.join();
    fill();
    if (ruled || this.#serving.join() !== places || !this.#serving.includes(this.#current)) this.#reselect();
    return this.serving.join() !== before.join();
  }

  /** Who holds a place. */
  #fill(nowUs: number): void {
    const order = this.#order;
    const failed = this.#vacate(order, nowUs);
    const places = this.#rules.active.length;
    const ready = order.filter((nic) => !this.#serving.includes(nic) && this.#mayServe(nic, nowUs, failed));
    while (this.#serving.length < places && ready.length > 0) this.#take(ready.shift() as number);
    // With failback the first of the order serve: whoever holds a place and is further behind gives way.
    const rank = (nic: number): number => order.indexOf(nic);
    while (this.#rules.failback && ready.length > 0) {
      const last = Math.max(...this.#serving.map(rank));
      const best = ready.shift() as number;
      if (rank(best) > last) break;
      this.#serving = this.#serving.filter((nic) => rank(nic) !== last);
      this.#take(best);
    }
    this.#sort(rank);
    if (this.#serving.length >= Math.max(1, this.#rules.minLinks)) return;
    // Nobody else could serve: hold-down and reserve would only lengthen the outage.
    for (const nic of order) {
      if (this.#serving.length < places && this.#members.usable(nic) && !this.#serving.includes(nic)) this.#take(nic);
    }
    this.#sort(rank);
  }

  #sort(rank: (nic: number) => number): void {
    this.#serving.sort((a, b) => rank(a) - rank(b));
  }

  /** Takes the places of members that failed, or are members no more. True when one failed. */
  #vacate(order: readonly number[], nowUs: number): boolean {
    let failed = false;
    for (const nic of order) {
      const since = this.#backSinceUs.get(nic);
      if (!this.#members.usable(nic)) {
        if (this.#serving.includes(nic)) failed = true;
        this.#backSinceUs.set(nic, Number.POSITIVE_INFINITY);
        this.#reserve.delete(nic);
      } else if (since === Number.POSITIVE_INFINITY) {
        this.#backSinceUs.set(nic, nowUs);
        if (!this.#rules.failback) this.#reserve.add(nic);
      }
    }
    const places = this.#rules.active.length;
    this.#serving = this.#serving.filter((nic) => order.includes(nic) && this.#members.usable(nic)).slice(0, places);
    return failed;
  }

  #mayServe(nic: number, nowUs: number, failed: boolean): boolean {
    if (!this.#members.usable(nic)) return false;
    if (this.#reserve.has(nic) && !failed) return false;
    const since = this.#backSinceUs.get(nic);
    return since === undefined || nowUs - since >= this.#rules.holdDownUs;
  }

  #take(nic: number): void {
    this.#serving.push(nic);
    this.#forget(nic);
  }

  /** Who is first. */
  #reselect(): void {
    const best = this.#preferred();
    if (!this.#serving.includes(this.#current)) {
      this.#current = best ?? NONE;
      return;
    }
    if (best === undefined || best === this.#current || !this.#isPreferredTo(best, this.#current)) return;
    const { reselect } = this.#rules;
    const faster = this.#members.speedBps(best) > this.#members.speedBps(this.#current);
    if (reselect === 'always' || (reselect === 'better' && faster)) this.#current = best;
  }

  #preferred(): number | undefined {
    let best: number | undefined;
    for (const nic of this.#serving) if (best === undefined || this.#isPreferredTo(nic, best)) best = nic;
    return best;
  }

  /** The primary before all others, then by priority. Order alone never moves traffic from a member that serves. */
  #isPreferredTo(a: number, b: number): boolean {
    const { primary, priority } = this.#rules;
    if (a === primary || b === primary) return a === primary && b !== primary;
    return (priority.get(a) ?? 0) > (priority.get(b) ?? 0);
  }
}
