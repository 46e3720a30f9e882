import type { LinkMonitor, LinkVerdict, MemberPort, Static } from '@fairlead/sdk';
import { definePlugin, formatMac, inject, Members, Milliseconds, Options, Type } from '@fairlead/sdk';
import { BEACON_TYPE, BeaconCodec } from './beacon-frame.ts';
import { type Finding, judge } from './hearing.ts';

/** Options of the beacons. */
export const beaconOptions = Type.Object(
  {
    key: Type.String({
      minLength: 16,
      maxLength: 256,
      description: 'Secret of at least 16 characters; who has it can make beacons. It may be the same on all hosts.',
    }),
    intervalMs: Milliseconds({
      default: 1000,
      minimum: 100,
      maximum: 60_000,
      description: 'Time between two beacons.',
    }),
    missed: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 100,
      description: 'Intervals without a beacon after which a member is not heard any more.',
    }),
  },
  { additionalProperties: false },
);

/** One member, as far as beacons tell. */
interface Member {
  /** Since when it has had a link; before `missed` intervals are over nothing can be missed. */
  sinceUs: number;
  /** When the last beacon left by it. */
  sentUs: number;
  dueUs: number;
  /** Sequence numbers of its last beacons. */
  readonly sent: number[];
  /** The last beacon that it heard of each other member. */
  readonly heard: Map<number, { readonly sequence: number; readonly atUs: number }>;
}

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Each member says over its wire that it is there, and listens for the other members of its own team and host. One that
 * no longer exchanges beacons with any, while others do among themselves, is down. With two members nobody can say
 * which of them it is, so both are ambiguous and nothing changes.
 *
 * @example
 * ```ts
 * import { BeaconMonitor } from '@fairlead/link-monitor-beacon';
 * import { TestMembers } from '@fairlead/sdk/testing';
 *
 * const options = { key: 'sixteen letters!', intervalMs: 1000, missed: 3 };
 * const monitor = new BeaconMonitor(new TestMembers([0, 1]), options);
 * console.log(monitor.verdict(0)); // unknown
 * ```
 */
export class BeaconMonitor implements LinkMonitor {
  readonly #port: MemberPort;
  readonly #intervalUs: number;
  readonly #missed: number;
  readonly #patienceUs: number;
  readonly #codec: BeaconCodec;
  readonly #members = new Map<number, Member>();
  #findings = new Map<number, Finding>();
  #sequence = 0;
  #polledUs = NEVER;
  #nowUs = NEVER;
  #judgedUs = NEVER;

  constructor(@inject(Members) members: MemberPort, @inject(Options) options: Static<typeof beaconOptions>) {
    this.#port = members;
    this.#intervalUs = options.intervalMs * 1000;
    this.#missed = options.missed;
    this.#patienceUs = options.missed * this.#intervalUs;
    this.#codec = new BeaconCodec(options.key, `${formatMac(members.address(0), 0)} ${members.team}`);
    members.listen(BEACON_TYPE, true);
  }

  poll(nowUs: number): number {
    // A host that stood still has not sent either: nobody is to blame for the silence.
    if (nowUs - this.#polledUs > this.#patienceUs) this.#members.clear();
    this.#polledUs = nowUs;
    this.#nowUs = nowUs;
    this.#look(nowUs);
    let nextUs = nowUs + this.#intervalUs;
    for (const [nic, member] of this.#members) {
      if (nowUs >= member.dueUs) this.#send(nic, member, nowUs);
      nextUs = Math.min(nextUs, member.dueUs);
    }
    this.#judgedUs = NEVER;
    return Math.max(nowUs, nextUs);
  }

  /** Keeps to the members that have a link. */
  #look(nowUs: number): void {
    const linked = this.#port.members.filter((nic) => this.#port.carrier(nic));
    for (const nic of this.#members.keys()) if (!linked.includes(nic)) this.#members.delete(nic);
    for (const nic of linked) {
      if (!this.#members.has(nic))
        this.#members.set(nic, { sinceUs: nowUs, sentUs: NEVER, dueUs: nowUs, sent: [], heard: new Map() });
    }
  }

  #send(nic: number, member: Member, nowUs: number): void {
    const sequence = this.#sequence + 1;
    if (!this.#port.send(nic, this.#codec.encode(this.#port.address(nic), { nic, sequence }))) return;
    this.#sequence = sequence;
    member.sent.push(sequence);
    if (member.sent.length > this.#missed) member.sent.shift();
    member.sentUs = nowUs;
    member.dueUs = nowUs + this.#intervalUs;
  }

  receive(nic: number, frame: Uint8Array, nowUs: number): undefined {
    const listener = this.#members.get(nic);
    const beacon = listener && this.#codec.decode(frame);
    if (listener === undefined || beacon === undefined || beacon.nic === nic) return;
    const { nic: sender, sequence } = beacon;
    // One that somebody kept and sends again says nothing.
    if (sequence <= (listener.heard.get(sender)?.sequence ?? 0)) return;
    if (!this.#members.get(sender)?.sent.includes(sequence)) return;
    listener.heard.set(sender, { sequence, atUs: nowUs });
    this.#judgedUs = NEVER;
    this.#nowUs = nowUs;
  }

  /** Judges when asked, once for all that was heard since: what arrives may be much. */
  #judge(): void {
    const nowUs = this.#nowUs;
    if (this.#judgedUs === nowUs) return;
    this.#judgedUs = nowUs;
    const hears = (listener: number, sender: number): boolean => {
      const atUs = this.#members.get(listener)?.heard.get(sender)?.atUs ?? NEVER;
      return nowUs - atUs <= this.#patienceUs;
    };
    const senders = [...this.#members].filter(([, { sentUs }]) => nowUs - sentUs <= this.#patienceUs);
    const findings = judge(
      senders.map(([nic]) => nic),
      hears,
    );
    for (const [nic, { sinceUs }] of senders) {
      const early = nowUs - sinceUs <= this.#patienceUs;
      if (early && findings.get(nic)?.verdict !== 'up') findings.set(nic, { verdict: 'unknown', why: 'no beacon yet' });
    }
    this.#findings = findings;
  }

  verdict(nic: number): LinkVerdict {
    this.#judge();
    return this.#findings.get(nic)?.verdict ?? 'unknown';
  }

  explain(nic: number): string {
    this.#judge();
    const why = this.#members.has(nic) ? 'it has had no room for a beacon' : 'it has no link, or is no member';
    return this.#findings.get(nic)?.why ?? why;
  }
}

/**
 * The plugin: `monitors: [{ use: beacon, options: { key: … } }]`.
 *
 * @example
 * ```ts
 * import beacon from '@fairlead/link-monitor-beacon';
 * import { createInstance, TestMembers } from '@fairlead/sdk/testing';
 *
 * const monitor = createInstance(beacon, { key: 'correct horse battery staple' }, { members: new TestMembers([0, 1]) });
 * const againUs = monitor.poll(0);
 * ```
 */
export default definePlugin({
  kind: 'link-monitor',
  name: 'beacon',
  apiVersion: 1,
  options: beaconOptions,
  implementation: BeaconMonitor,
  module: import.meta.url,
});
