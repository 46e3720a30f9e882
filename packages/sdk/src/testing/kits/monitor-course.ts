import type { LinkMonitor, LinkVerdict } from '../../points/link-monitor.ts';
import { testRandom } from '../clock.ts';
import { TestMembers } from '../members.ts';
import type { MonitorScenario, MonitorStep } from './link-monitor-scenario.ts';

/** What the network beyond a NIC answers to a frame that left by it: frames that arrive on the same NIC. */
type NetworkAnswers = (nic: number, frame: Uint8Array) => readonly Uint8Array[];

/** Makes one monitor of a team. */
export type MakeMonitor = (members: TestMembers) => LinkMonitor;

const VERDICTS: readonly LinkVerdict[] = ['up', 'down', 'ambiguous', 'unknown'];
const MIN_FRAME_BYTES = 60;
const MAX_FRAME_BYTES = 1514;
/** Frames over one NIC in one call: more than any protocol has to say at a time. */
const MAX_FRAMES = 64;

/** The members, which look at what they are asked to do. */
class WatchedMembers extends TestMembers {
  /** What was done that may not be, the first of each. */
  readonly wrong = new Map<'listen' | 'frame' | 'member', string>();
  constructing = true;

  override listen(etherType: number, group: boolean): void {
    const type = Number.isInteger(etherType) && etherType >= 0x600 && etherType <= 0xffff;
    if (!this.constructing) this.#note('listen', 'it listened after its constructor had returned');
    if (!type || typeof group !== 'boolean') this.#note('listen', `it listened to (${etherType}, ${group})`);
    super.listen(etherType, group);
  }

  override send(nic: number, frame: Uint8Array): boolean {
    if (!this.members.includes(nic)) this.#note('member', `it sent over NIC ${nic}, which is no member`);
    if (!(frame.length >= MIN_FRAME_BYTES && frame.length <= MAX_FRAME_BYTES))
      this.#note('frame', `it sent a frame of ${frame.length} bytes`);
    else if (!this.address(nic).every((byte, i) => frame[6 + i] === byte))
      this.#note('frame', `it sent from ${Buffer.from(frame.subarray(6, 12)).toString('hex')} over NIC ${nic}`);
    return super.send(nic, frame);
  }

  #note(what: 'listen' | 'frame' | 'member', told: string): void {
    if (!this.wrong.has(what)) this.wrong.set(what, told);
  }
}

/** One monitor on its way through a scenario: its members are on one switch, which floods, and a network answers. */
export class MonitorCourse {
  readonly members: WatchedMembers;
  readonly monitor: LinkMonitor;
  /** What it sent and said, a line for each call. */
  readonly answers: string[] = [];
  /** The first of what it answered that nobody can use. */
  illVerdict: string | undefined;
  illDue: string | undefined;
  tooMany: string | undefined;
  nowUs = 0;
  dueUs = Number.NEGATIVE_INFINITY;
  readonly #scenario: MonitorScenario;
  readonly #network: NetworkAnswers;
  readonly #cut = new Set<number>();
  #lastSent: Uint8Array = new Uint8Array(MIN_FRAME_BYTES);
  #index = 0;

  constructor(make: MakeMonitor, scenario: MonitorScenario, network: NetworkAnswers) {
    this.#scenario = scenario;
    this.#network = network;
    this.members = new WatchedMembers([...Array(scenario.nics).keys()]);
    this.monitor = make(this.members);
    this.members.constructing = false;
    this.#ask();
  }

  goesOn(): boolean {
    return this.#index < this.#scenario.steps.length;
  }

  /** One step; `stranger`: whether what strangers send arrives. */
  step(stranger = true): void {
    const step = this.#scenario.steps[this.#index++];
    this.nowUs += step.afterUs;
    this.#happen(step, stranger);
    if (this.nowUs >= this.dueUs) this.poll();
    this.#ask();
  }

  run(stranger = true): this {
    while (this.goesOn()) this.step(stranger);
    return this;
  }

  poll(): void {
    const due: unknown = this.monitor.poll(this.nowUs);
    if (typeof due !== 'number' || !(due >= this.nowUs))
      this.illDue ??= `polled at ${this.nowUs} us, it asked for ${String(due)}`;
    this.dueUs = typeof due === 'number' && !Number.isNaN(due) ? due : this.nowUs;
    this.#carry('poll');
  }

  #receive(nic: number, frame: Uint8Array): void {
    const answer: unknown = this.monitor.receive?.(nic, frame, this.nowUs);
    if (answer !== undefined) this.illVerdict ??= `its receive returned ${String(answer)}`;
  }

  #happen({ event, nic, bytes, seed }: MonitorStep, stranger: boolean): void {
    const { members } = this;
    if (event === 'cut') toggle(this.#cut, nic);
    else if (event === 'link') toggle(members.down, nic);
    else if (event === 'member') {
      const without = members.members.filter((other) => other !== nic);
      members.members = without.length < members.members.length ? without : [...members.members, nic];
    } else if (event !== 'nothing' && stranger && members.members.includes(nic)) {
      const random = testRandom(seed);
      const frame = event === 'spoilt' ? this.#lastSent.slice() : new Uint8Array(bytes);
      const changes = event === 'spoilt' ? 3 : bytes;
      for (let i = 0; i < changes; i++)
        frame[event === 'spoilt' ? Math.floor(random.next() * frame.length) : i] = Math.floor(random.next() * 256);
      this.#receive(nic, frame);
      this.#carry('receive');
    }
  }

  /** Takes what was sent in one call to the other members and to the network, and brings back what that answers. */
  #carry(call: string): void {
    const all = this.members.take();
    for (const nic of this.members.members) {
      const count = all.filter((one) => one.nic === nic).length;
      if (count > MAX_FRAMES) this.tooMany ??= `it sent ${count} frames over NIC ${nic} in one ${call}`;
    }
    const sent = this.tooMany === undefined ? all : all.slice(0, MAX_FRAMES);
    for (const { nic, frame } of sent) {
      this.#lastSent = frame;
      this.answers.push(`sent ${Buffer.from(frame).toString('hex')} over NIC ${nic} at ${this.nowUs} us`);
      if (this.#isOff(nic)) continue;
      const reached = isLinkLocal(frame) ? [] : this.members.members.filter((other) => other !== nic);
      for (const other of reached) if (!this.#isOff(other)) this.#receive(other, frame.slice());
      for (const answer of this.#network(nic, frame)) this.#receive(nic, answer.slice());
    }
    // What it sends because of that leaves, and says no more here.
    for (const { nic, frame } of this.members.take())
      this.answers.push(`answered ${Buffer.from(frame).toString('hex')} over NIC ${nic} at ${this.nowUs} us`);
  }

  #isOff(nic: number): boolean {
    return this.#cut.has(nic) || this.members.down.has(nic);
  }

  /** Asks about every NIC, one that is no member too. */
  #ask(): void {
    const said: string[] = [];
    for (let nic = 0; nic <= this.#scenario.nics; nic++) {
      const verdict: unknown = this.monitor.verdict(nic);
      const why: unknown = this.monitor.explain?.(nic) ?? '';
      if (!VERDICTS.includes(verdict as LinkVerdict))
        this.illVerdict ??= `at ${this.nowUs} us, of NIC ${nic}, it said ${String(verdict)}`;
      if (typeof why !== 'string') this.illVerdict ??= `it explained NIC ${nic} by ${String(why)}`;
      said.push(`${String(verdict)} (${String(why)})`);
    }
    this.answers.push(`said ${said.join(', ')} at ${this.nowUs} us`);
  }
}

/** Reserved for one link, 01:80:c2:00:00:00 to 0f: no bridge forwards it (IEEE 802.1Q-2018 §8.6.3). */
function isLinkLocal(frame: Uint8Array): boolean {
  return [1, 0x80, 0xc2, 0, 0].every((byte, i) => frame[i] === byte) && frame[5] < 16;
}

function toggle(set: Set<number>, nic: number): void {
  if (!set.delete(nic)) set.add(nic);
}
