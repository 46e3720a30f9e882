import {
  type Complaint,
  type ComposeOptions,
  type Composition,
  checkHost,
  checkValue,
  closest,
  type PluginPlan,
  rehearse,
  type WrittenHostConfig,
} from '@fairlead/core';
import {
  type EventEntry,
  type ScenarioParts,
  type SenderEntry,
  scenarioSchema,
  type WrittenScenario,
} from './schema.ts';

/** A checked scenario: the host as it is configured, and what the simulation does with it. */
export interface Scenario extends ScenarioParts {
  /** The host as it is configured, checked, with its plugins. */
  readonly host: Composition;
  /** How the plugins of the host were found. */
  readonly options: ComposeOptions;
  /** Senders with their names and every option of their kind in place. */
  readonly named: readonly NamedSender[];
  /** Policies that events bring in, by the number of the event. */
  readonly successors: ReadonlyMap<number, Successor>;
}

/** A policy that takes another one's place while the simulation runs. */
export interface Successor {
  /** The place. */
  readonly section: 'admission' | 'distribution';
  /** The policy and its options. */
  readonly plan: PluginPlan;
}

/** A sender with what its kind takes for granted. */
export type NamedSender = SenderEntry & { readonly name: string; readonly frameBytes: number };

/** What came of a check. */
export interface CheckedScenario {
  /** Absent when there is a complaint. */
  readonly scenario: Scenario | undefined;
  /** What is wrong, where, and how to mend it; empty when nothing is. */
  readonly complaints: readonly Complaint[];
}

/** Options that only some kinds of sender have; and whether they must be there. */
const OPTIONS_OF: Readonly<Record<SenderEntry['kind'], Readonly<Partial<Record<keyof SenderEntry, 'must' | 'may'>>>>> =
  {
    tcp: { congestion: 'may', sizeBytes: 'may', receiveWindowBytes: 'may', delayedAck: 'may', minRto: 'may' },
    constant: { rateBps: 'must', spacing: 'may', queueFrames: 'may' },
    'on-off': { rateBps: 'must', on: 'must', off: 'must', periods: 'may', queueFrames: 'may' },
    bursts: { burstFrames: 'must', every: 'must', queueFrames: 'may' },
    clients: { perSecond: 'must', spacing: 'may', responseBytes: 'may' },
    'flash-crowd': { perSecond: 'must', rise: 'may', responseBytes: 'may' },
    flood: { perSecond: 'must', protocol: 'may', sources: 'may', answerBytes: 'may' },
    scan: { perSecond: 'must', ports: 'may' },
  };
const FULL_BYTES = 1514;
const ATTACK_BYTES = 74;
/** All VMs of the host. */
export const EVERY_VM = '*';
/** Kinds that count in frames or clients a second, not in bits. */
const COUNTING: readonly SenderEntry['kind'][] = ['clients', 'flash-crowd', 'flood', 'scan'];

/** Kinds that are no use to anyone. */
export function isAttack(kind: SenderEntry['kind']): boolean {
  return kind === 'flood' || kind === 'scan';
}

const SPECIAL = [
  ...new Set(Object.values(OPTIONS_OF).flatMap((options) => Object.keys(options))),
] as (keyof SenderEntry)[];

const NEEDS: Readonly<Record<EventEntry['do'], readonly (keyof EventEntry)[]>> = {
  'nic-down': ['nic'],
  'nic-up': ['nic'],
  'nic-change': ['nic', 'change'],
  'vm-suspend': ['vm'],
  'vm-resume': ['vm'],
  'vm-bandwidth': ['vm', 'bandwidth'],
  'vm-migrate': ['vm'],
  'sender-start': ['sender'],
  'sender-stop': ['sender'],
  'sender-rate': ['sender'],
  swap: ['section', 'policy'],
};

/**
 * Checks a scenario as a whole, down to the plugins of its host. Every fault is reported, not the first alone.
 *
 * @example
 * ```ts
 * import { type CheckedScenario, checkScenario, type NamedSender, type Scenario, type Successor } from '@fairlead/simulator';
 *
 * const { scenario, complaints }: CheckedScenario = await checkScenario({
 *   duration: '1s',
 *   host: { nics: [], vms: [] },
 *   senders: [{ vm: 'web', kind: 'tcp' }],
 * });
 * for (const { path, what, mend } of complaints) console.error(`${path}: ${what}; ${mend}`);
 * const names = ({ named }: Scenario) => named.map(({ name }: NamedSender) => name);
 * const brought = ({ successors }: Scenario) => [...successors.values()].map(({ plan }: Successor) => plan.name);
 * ```
 */
export async function checkScenario(written: WrittenScenario, options: ComposeOptions = {}): Promise<CheckedScenario> {
  const checked = checkValue(scenarioSchema, written, 'FAIRLEAD_ERR_CONFIG_INVALID');
  const complaints: Complaint[] = [...checked.complaints];
  const composition = await checkItsHost(written, options, complaints);
  if (checked.complaints.length > 0 || composition === undefined) return { scenario: undefined, complaints };
  const { host: _, ...parts } = checked.value as ScenarioParts & { host: unknown };
  new Survey(parts, namesOf(composition), complaints).all();
  const successors = await findSuccessors(parts, written.host, options, complaints);
  if (complaints.length > 0) return { scenario: undefined, complaints };
  return { scenario: { ...parts, host: composition, options, named: named(parts.senders), successors }, complaints };
}

async function checkItsHost(
  written: WrittenScenario,
  options: ComposeOptions,
  complaints: Complaint[],
): Promise<Composition | undefined> {
  if (written?.host === undefined) return undefined; // said already
  const { composition, complaints: wrong } = await checkHost(written.host, options);
  const all = composition === undefined ? wrong : await rehearse(composition);
  for (const complaint of all)
    complaints.push({ ...complaint, path: complaint.path === '' ? 'host' : `host.${complaint.path}` });
  return all.length === 0 ? composition : undefined;
}

/** Checks the policies that events bring in, as if the host had them from the start. */
async function findSuccessors(
  { events }: ScenarioParts,
  host: WrittenHostConfig,
  options: ComposeOptions,
  complaints: Complaint[],
): Promise<Map<number, Successor>> {
  const found = new Map<number, Successor>();
  for (const [i, { section, policy }] of events.entries()) {
    if (section === undefined || policy === undefined) continue;
    const { composition, complaints: wrong } = await checkHost({ ...host, [section]: policy } as typeof host, options);
    const plan = composition?.[section].chain[0];
    if (plan !== undefined) found.set(i, { section, plan: plan as PluginPlan });
    for (const complaint of wrong)
      complaints.push({ ...complaint, path: complaint.path.replace(section, `events[${i}].policy`) });
  }
  return found;
}

/** Senders without a name are called after their VM and kind, and numbered where that is not enough. */
export function named(senders: readonly SenderEntry[]): NamedSender[] {
  const given = new Set(senders.flatMap(({ name }) => name ?? []));
  return senders.map((sender) => {
    const frameBytes = sender.frameBytes ?? (isAttack(sender.kind) ? ATTACK_BYTES : FULL_BYTES);
    if (sender.name !== undefined) return { ...sender, frameBytes, name: sender.name };
    const base = `${sender.vm === EVERY_VM ? 'every' : sender.vm}-${sender.kind}`;
    let name = base;
    for (let n = 2; given.has(name); n++) name = `${base}-${n}`;
    given.add(name);
    return { ...sender, frameBytes, name };
  });
}

/** What a scenario may call by name. */
interface Names {
  readonly vms: readonly string[];
  readonly nics: readonly string[];
  /** NICs as `network` calls them. */
  readonly networks: readonly string[];
}

function namesOf({ config }: Composition): Names {
  const nics = config.nics.map(({ name }) => name);
  return { vms: config.vms.map(({ name }) => name), nics, networks: nics };
}

/** Looks for what a schema cannot say: names that lead nowhere, options of another kind. */
export class Survey {
  readonly #parts: ScenarioParts;
  readonly #complaints: Complaint[];
  readonly #vms: ReadonlySet<string>;
  readonly #names: Names;
  readonly #several: boolean;
  readonly #senders: readonly string[];

  /** @param several it is of several hosts, whose VMs may be called all at once. */
  constructor(parts: ScenarioParts, names: Names, complaints: Complaint[], several = false) {
    this.#parts = parts;
    this.#complaints = complaints;
    this.#names = names;
    this.#vms = new Set(names.vms);
    this.#several = several;
    this.#senders = named(parts.senders).map(({ name }) => name);
  }

  all(): void {
    for (const [i, sender] of this.#parts.senders.entries()) this.#sender(sender, `senders[${i}]`, i);
    for (const nic of Object.keys(this.#parts.network))
      if (nic !== '*') this.#known('NIC', nic, this.#names.networks, `network.${nic}`);
    for (const [i, event] of this.#parts.events.entries()) this.#event(event, `events[${i}]`);
    const { duration, warmUp } = this.#parts;
    if (warmUp >= duration) this.#wrong('warmUp', 'the warm-up is as long as the run', 'make it shorter than duration');
  }

  #wrong(path: string, what: string, mend: string, code: Complaint['code'] = 'FAIRLEAD_ERR_CONFIG_INVALID'): void {
    this.#complaints.push({ code, path, what, mend });
  }

  #known(thing: string, name: string, names: readonly string[], path: string): void {
    if (names.includes(name)) return;
    const near = closest(name, names);
    const mend = near === undefined ? `use one of: ${names.join(', ')}` : `did you mean "${near}"?`;
    this.#wrong(path, `there is no ${thing} "${name}"`, mend, 'FAIRLEAD_ERR_CONFIG_NAME');
  }

  #sender(sender: SenderEntry, path: string, i: number): void {
    const { kind, vm, to, from, start, stop } = sender;
    const every = vm === EVERY_VM && (this.#several || kind === 'scan');
    if (!every && !this.#vms.has(vm)) this.#known('VM', vm, this.#names.vms, `${path}.vm`);
    const twin = this.#parts.senders.findIndex(({ name }) => name !== undefined && name === sender.name);
    if (sender.name !== undefined && twin < i) {
      const what = `"${sender.name}" is the name of senders[${twin}] already`;
      this.#wrong(`${path}.name`, what, 'give each its own name', 'FAIRLEAD_ERR_CONFIG_NAME');
    }
    if (to !== undefined && from !== undefined)
      this.#wrong(`${path}.from`, 'a sender has either to or from', 'remove one; vm is the other end');
    if (from !== undefined && this.#vms.has(from))
      this.#wrong(`${path}.from`, `"${from}" is a VM of this host`, `write vm: ${from} and to: ${vm}`);
    if (to === vm && vm !== EVERY_VM)
      this.#wrong(`${path}.to`, 'a VM does not send to itself', 'name another one, or leave it out');
    if (stop !== undefined && stop <= start)
      this.#wrong(`${path}.stop`, 'it would end before it begins', 'make stop later than start');
    const options = OPTIONS_OF[kind];
    for (const option of SPECIAL) {
      if (options[option] === 'must' && sender[option] === undefined)
        this.#wrong(`${path}.${option}`, `"${option}" is missing`, `a sender of kind ${kind} needs it`);
      if (options[option] === undefined && sender[option] !== undefined)
        this.#wrong(
          `${path}.${option}`,
          `a sender of kind ${kind} has no "${option}"`,
          'remove it, or change the kind',
        );
    }
  }

  #event(event: EventEntry, path: string): void {
    const needs = NEEDS[event.do];
    for (const key of ['nic', 'vm', 'sender', 'change', 'bandwidth', 'section', 'policy'] as const) {
      if (needs.includes(key) && event[key] === undefined)
        this.#wrong(`${path}.${key}`, `"${key}" is missing`, `${event.do} needs it`);
      if (!needs.includes(key) && event[key] !== undefined)
        this.#wrong(`${path}.${key}`, `${event.do} has no "${key}"`, 'remove it');
    }
    if (event.to !== undefined && event.do !== 'vm-migrate')
      this.#wrong(`${path}.to`, `${event.do} has no "to"`, 'remove it');
    if (event.do === 'vm-migrate' && !this.#several)
      this.#wrong(`${path}.do`, 'there is no other host', 'write the scenario with hosts: in place of host:');
    if (event.nic !== undefined) this.#known('NIC', event.nic, this.#names.nics, `${path}.nic`);
    if (event.vm !== undefined) this.#known('VM', event.vm, this.#names.vms, `${path}.vm`);
    if (event.sender !== undefined) this.#known('sender', event.sender, this.#senders, `${path}.sender`);
    if (event.at > this.#parts.duration)
      this.#wrong(`${path}.at`, 'the run is over by then', 'make it earlier, or duration longer');
    this.#rate(event, path);
  }

  /** The new rate of a sender, in what its kind counts. */
  #rate(event: EventEntry, path: string): void {
    const target = named(this.#parts.senders).find(({ name }) => name === event.sender);
    const changes = event.do === 'sender-rate';
    if (changes && target?.kind === 'tcp')
      this.#wrong(`${path}.sender`, 'a tcp sender has no rate', 'it sends what the network lets it');
    const counts = target !== undefined && COUNTING.includes(target.kind);
    const key = !changes ? undefined : counts ? 'perSecond' : 'rateBps';
    for (const one of ['rateBps', 'perSecond'] as const) {
      if (one === key && event[one] === undefined)
        this.#wrong(`${path}.${one}`, `"${one}" is missing`, `${event.do} needs it`);
      if (one !== key && event[one] !== undefined)
        this.#wrong(`${path}.${one}`, `${event.do} has no "${one}"`, key === undefined ? 'remove it' : `write ${key}`);
    }
  }
}
