import type { LinkMonitor, LinkVerdict, MemberPort, Static } from '@fairlead/sdk';
import { definePlugin, FairleadError, inject, Members, Milliseconds, Options, Type } from '@fairlead/sdk';
import { addressBytes } from './address.ts';
import { ARP_TYPE, arpReplySender, arpRequest } from './arp.ts';
import { advertisedTarget, IPV6_TYPE, neighbourSolicitation } from './neighbour.ts';

/** Options of the probes. */
export const probeOptions = Type.Object(
  {
    targets: Type.Array(Type.String({ minLength: 2, maxLength: 45 }), {
      minItems: 1,
      maxItems: 16,
      description: 'IPv4 and IPv6 addresses on the link that are always there: routers, a storage server.',
    }),
    source: Type.String({
      pattern: '^[0-9]{1,3}([.][0-9]{1,3}){3}$',
      default: '0.0.0.0',
      description: "Source of the ARP requests: an address of the host's own, or 0.0.0.0 for none.",
    }),
    intervalMs: Milliseconds({ default: 1000, minimum: 100, maximum: 60_000, description: 'Time between two probes.' }),
    missed: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 100,
      description: 'Probes without an answer that are too many.',
    }),
    validate: Type.Union([Type.Literal('any'), Type.Literal('all')], {
      default: 'any',
      description: 'any: one target that answers is enough; all: each has to.',
    }),
  },
  { additionalProperties: false },
);

/** One target, as one member sees it. */
interface Answers {
  /** When it was last probed. */
  sentUs: number;
  /** When it last answered. */
  heardUs: number;
}

/** One member. */
interface Member {
  /** Since when it has had a link. */
  sinceUs: number;
  dueUs: number;
  /** Targets that are still to be probed in this round. */
  left: number[];
  readonly answers: Answers[];
}

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Asks targets for their link-layer address over each member, and takes one for down over which too many probes in a row
 * have had no answer: as Linux bonding with `arp_interval`, `arp_ip_target` and `arp_validate`. While no member has
 * its answers the targets may be gone as well as the links, so all are ambiguous.
 *
 * @example
 * ```ts
 * import { ProbeMonitor } from '@fairlead/link-monitor-probe';
 * import { TestMembers } from '@fairlead/sdk/testing';
 *
 * const members = new TestMembers([0, 1]);
 * const rest = { source: '0.0.0.0', intervalMs: 1000, missed: 3 };
 * const monitor = new ProbeMonitor(members, { targets: ['192.0.2.1'], validate: 'any', ...rest });
 * console.log(monitor.verdict(0)); // unknown
 * ```
 */
export class ProbeMonitor implements LinkMonitor {
  readonly #port: MemberPort;
  readonly #options: Static<typeof probeOptions>;
  readonly #source: Uint8Array;
  readonly #targets: readonly Uint8Array[];
  readonly #intervalUs: number;
  readonly #patienceUs: number;
  readonly #members = new Map<number, Member>();
  #verdicts = new Map<number, LinkVerdict>();
  #polledUs = NEVER;
  #nowUs = NEVER;
  #judgedUs = NEVER;

  /** @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` for a target or a source that is no IP address. */
  constructor(@inject(Members) members: MemberPort, @inject(Options) options: Static<typeof probeOptions>) {
    this.#port = members;
    this.#options = options;
    this.#source = bytesOf(options.source);
    this.#targets = options.targets.map(bytesOf);
    this.#intervalUs = options.intervalMs * 1000;
    this.#patienceUs = options.missed * this.#intervalUs;
    if (this.#targets.some(({ length }) => length === 4)) members.listen(ARP_TYPE, false);
    if (this.#targets.some(({ length }) => length === 16)) members.listen(IPV6_TYPE, false);
  }

  poll(nowUs: number): number {
    // A host that stood still has not asked either: nobody is to blame for the silence.
    if (nowUs - this.#polledUs > this.#patienceUs) this.#members.clear();
    this.#polledUs = nowUs;
    this.#nowUs = nowUs;
    this.#look(nowUs);
    let nextUs = nowUs + this.#intervalUs;
    for (const [nic, member] of this.#members) {
      if (nowUs >= member.dueUs) {
        // What there was no room for in the last round is asked again before it begins anew.
        if (member.left.length === 0) member.left = [...this.#targets.keys()];
        this.#probe(nic, member, nowUs);
      }
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
      if (this.#members.has(nic)) continue;
      const answers = this.#targets.map(() => ({ sentUs: NEVER, heardUs: NEVER }));
      this.#members.set(nic, { sinceUs: nowUs, dueUs: nowUs, left: [], answers });
    }
  }

  #probe(nic: number, member: Member, nowUs: number): void {
    const mac = this.#port.address(nic);
    while (member.left.length > 0) {
      const i = member.left[0] as number;
      const target = this.#targets[i] as Uint8Array;
      const frame = target.length === 4 ? arpRequest(mac, this.#source, target) : neighbourSolicitation(mac, target);
      if (!this.#port.send(nic, frame)) return;
      (member.answers[i] as Answers).sentUs = nowUs;
      member.left.shift();
    }
    member.dueUs = nowUs + this.#intervalUs;
  }

  receive(nic: number, frame: Uint8Array, nowUs: number): undefined {
    const member = this.#members.get(nic);
    if (member === undefined || frame.length < 14) return;
    const mac = this.#port.address(nic);
    const type = ((frame[12] as number) << 8) | (frame[13] as number);
    const answering =
      type === ARP_TYPE ? arpReplySender(frame, mac) : type === IPV6_TYPE ? advertisedTarget(frame, mac) : undefined;
    if (answering === undefined) return;
    for (const [i, target] of this.#targets.entries()) {
      const answers = member.answers[i] as Answers;
      // Only what was asked for is an answer.
      if (answers.sentUs !== NEVER && Buffer.compare(target, answering) === 0) answers.heardUs = nowUs;
    }
    this.#nowUs = nowUs;
    this.#judgedUs = NEVER;
  }

  /** Judges when asked, once for all that was heard since: what arrives may be much. */
  #judge(): void {
    const nowUs = this.#nowUs;
    if (this.#judgedUs === nowUs) return;
    this.#judgedUs = nowUs;
    const verdicts = new Map<number, LinkVerdict>();
    for (const [nic, { answers, sinceUs }] of this.#members) {
      const asked = answers.filter(({ sentUs }) => nowUs - sentUs <= this.#patienceUs);
      const heard = asked.filter(({ heardUs }) => nowUs - heardUs <= this.#patienceUs).length;
      const enough = this.#options.validate === 'all' ? heard === this.#targets.length : heard > 0;
      if (enough) verdicts.set(nic, 'up');
      else verdicts.set(nic, asked.length === 0 || nowUs - sinceUs <= this.#patienceUs ? 'unknown' : 'down');
    }
    const isOneUp = [...verdicts.values()].includes('up');
    if (!isOneUp) for (const [nic, verdict] of verdicts) if (verdict === 'down') verdicts.set(nic, 'ambiguous');
    this.#verdicts = verdicts;
  }

  verdict(nic: number): LinkVerdict {
    this.#judge();
    return this.#verdicts.get(nic) ?? 'unknown';
  }

  explain(nic: number): string {
    const member = this.#members.get(nic);
    if (member === undefined) return 'it has no link, or is no member';
    const silent = this.#options.targets.filter(
      (_, i) => this.#nowUs - (member.answers[i] as Answers).heardUs > this.#patienceUs,
    );
    if (silent.length === 0) return 'every target answers';
    return `no answer from ${silent.join(', ')}${this.verdict(nic) === 'ambiguous' ? ', and no member is better off' : ''}`;
  }
}

function bytesOf(address: string): Uint8Array {
  const bytes = addressBytes(address);
  if (bytes !== undefined) return bytes;
  throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', `"${address}" is no IP address`, {
    where: 'link monitor probe',
    mend: 'give addresses as 192.0.2.1 or 2001:db8::1',
  });
}

/**
 * The plugin: `monitors: [{ use: probe, options: { targets: [192.0.2.1] } }]`.
 *
 * @example
 * ```ts
 * import probe from '@fairlead/link-monitor-probe';
 * import { createInstance, TestMembers } from '@fairlead/sdk/testing';
 *
 * const monitor = createInstance(probe, { targets: ['192.0.2.1'] }, { members: new TestMembers([0, 1]) });
 * const againUs = monitor.poll(0);
 * ```
 */
export default definePlugin({
  kind: 'link-monitor',
  name: 'probe',
  apiVersion: 1,
  options: probeOptions,
  implementation: ProbeMonitor,
  module: import.meta.url,
});
