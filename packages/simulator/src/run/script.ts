import type { Host } from '@fairlead/core';
import type { PluginDefinition } from '@fairlead/sdk';
import type { DecisionLog } from '../decisions/decision-log.ts';
import { watchedAdmission, watchedDistribution } from '../decisions/watched-policies.ts';
import type { Network } from '../network/network.ts';
import type { SimulatedNic } from '../network/simulated-nic.ts';
import type { Scenario, Successor } from '../scenario/check.ts';
import type { EventEntry, NetworkEntry } from '../scenario/schema.ts';
import type { Flow } from '../traffic/flow.ts';
import { SimulatedGuest } from '../traffic/guest.ts';

/** Something that the script does at a time. */
export interface ScriptLine {
  readonly atUs: number;
  /** In words; undefined for what goes without saying. */
  readonly text: string | undefined;
  run(): Promise<void> | void;
}

/** What the script acts on. */
export interface Stage {
  readonly host: Host;
  readonly network: Network;
  readonly nics: readonly SimulatedNic[];
  readonly flows: readonly Flow[];
  readonly scenario: Pick<Scenario, 'named' | 'events' | 'successors' | 'duration'>;
  readonly log: DecisionLog;
}

/** Everything that happens at a time, in order: the scenario's events, and the beginnings and ends of its senders. */
export function scriptOf(stage: Stage): ScriptLine[] {
  const { scenario } = stage;
  const lines: ScriptLine[] = [];
  for (const [entry, { start, stop, name }] of scenario.named.entries()) {
    const text = start > 0 ? `${name} starts` : undefined;
    lines.push({ atUs: start, text, run: () => eachFlow(stage, entry, (flow, nowUs) => flow.source.start(nowUs)) });
    if (stop !== undefined && stop < scenario.duration)
      lines.push({
        atUs: stop,
        text: `${name} stops`,
        run: () => eachFlow(stage, entry, (flow, nowUs) => flow.source.stop(nowUs)),
      });
  }
  for (const [i, event] of scenario.events.entries()) lines.push(lineOf(stage, event, scenario.successors.get(i)));
  return lines.sort((a, b) => a.atUs - b.atUs); // stable: of the same time, in the order of the file
}

function eachFlow({ host, network, flows }: Stage, entry: number, act: (flow: Flow, nowUs: number) => void): void {
  for (const flow of flows) if (flow.entry === entry) act(flow, host.nowUs);
  network.work(host.nowUs);
  for (const { name } of host.config.vms) {
    const guest = host.device(name);
    if (guest instanceof SimulatedGuest) guest.wake();
  }
}

/** What an event does, to one host. */
export function lineOf(stage: Stage, event: EventEntry, successor: Successor | undefined): ScriptLine {
  const { host, scenario } = stage;
  const { at: atUs, nic = '', vm = '', sender = '', change = {}, bandwidth = {} } = event;
  const entry = scenario.named.findIndex(({ name }) => name === sender);
  const line = (text: string, run: ScriptLine['run']): ScriptLine => ({ atUs, text, run });
  switch (event.do) {
    case 'nic-down':
      return line(`cable of ${nic} pulled`, () => nicOf(stage, nic).setLink(false));
    case 'nic-up':
      return line(`cable of ${nic} plugged in`, () => nicOf(stage, nic).setLink(true));
    case 'nic-change':
      return line(`${nic}: ${describe(change)}`, () => changeNetwork(stage, nic, change));
    case 'vm-suspend':
      return line(`${vm} suspended`, () => host.vms.suspend(vm));
    case 'vm-resume':
      return line(`${vm} resumed`, () => host.vms.resume(vm));
    case 'vm-bandwidth':
      return line(`${vm}: ${describe(bandwidth)}`, () => host.resources.setAllocation(vm, bandwidth as object));
    case 'vm-migrate': {
      const options = { to: event.to, cause: 'the script' };
      return line(
        `${vm} is to go to ${event.to ?? 'another host'}`,
        async () => void (await host.migrate(vm, options)),
      );
    }
    case 'sender-start':
      return line(`${sender} starts`, () => eachFlow(stage, entry, (flow, nowUs) => flow.source.start(nowUs)));
    case 'sender-stop':
      return line(`${sender} stops`, () => eachFlow(stage, entry, (flow, nowUs) => flow.source.stop(nowUs)));
    case 'sender-rate':
      return rateLine(stage, event, entry);
    case 'swap':
      return line(`${successor?.plan.name} takes over ${successor?.section}`, () => exchange(stage, successor));
  }
}

function rateLine(stage: Stage, { at, sender, rateBps, perSecond }: EventEntry, entry: number): ScriptLine {
  const text = rateBps === undefined ? `${perSecond} a second` : describe({ rateBps });
  const rate = rateBps ?? perSecond ?? 0;
  const run = (): void => eachFlow(stage, entry, (flow, nowUs) => flow.source.setRate?.(rate, nowUs));
  return { atUs: at, text: `${sender}: ${text}`, run };
}

/** Puts a policy, watched, into its place for good. */
async function exchange({ host, log }: Stage, successor: Successor | undefined): Promise<void> {
  if (successor === undefined) return;
  const { section, plan } = successor;
  const options = (plan.options ?? {}) as object;
  log.settle();
  if (section === 'admission') {
    const definition = watchedAdmission(plan.definition as unknown as PluginDefinition<'admission'>, log);
    await host.swap('admission', { definition, options }, { probationMs: 0 });
  } else {
    const definition = watchedDistribution(plan.definition as unknown as PluginDefinition<'load-distribution'>, log);
    await host.swap('distribution', { definition, options }, { probationMs: 0 });
  }
}

function nicOf({ host, nics }: Stage, nic: string): SimulatedNic {
  return nics[host.nics.index(nic)] as SimulatedNic;
}

function changeNetwork(stage: Stage, nic: string, change: NetworkEntry): void {
  const { network, host } = stage;
  const driver = nicOf(stage, nic);
  const cable = network.cables[host.nics.index(nic)];
  if (change.speedBps !== undefined) driver.speedBps = change.speedBps;
  if (cable === undefined) return;
  const { bottleneckBps, queueBytes, delay, lossRate, burstLossRate, burstLossFrames, inboundLossRate } = change;
  const both = defined({ queueBytes, delayUs: delay });
  cable.out.set({ ...both, ...defined({ rateBps: bottleneckBps, lossRate, burstLossRate, burstLossFrames }) });
  const inboundBps = bottleneckBps ?? (change.speedBps === undefined ? undefined : driver.speedBps);
  cable.in.set({ ...both, ...defined({ rateBps: inboundBps, lossRate: inboundLossRate }) });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

const UNITS = { Bps: 'bit/s', Bytes: 'bytes', delay: 'us' } as const;

/** What was changed, as `speedBps 50 Mbit/s`. */
function describe(change: object): string {
  return Object.entries(change)
    .map(([key, value]) => {
      const unit = Object.entries(UNITS).find(([suffix]) => key.endsWith(suffix))?.[1];
      if (typeof value !== 'number' || unit === undefined) return `${key} ${String(value)}`;
      if (unit === 'bit/s' && value >= 1e6) return `${key} ${value / 1e6} Mbit/s`;
      return unit === 'us' ? `${key} ${value / 1000} ms` : `${key} ${value} ${unit}`;
    })
    .join(', ');
}
