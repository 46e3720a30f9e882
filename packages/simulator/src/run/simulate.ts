import { setImmediate as nextTurn } from 'node:timers/promises';
import { Host, SeededRandom } from '@fairlead/core';
import { parseMac } from '@fairlead/sdk';
import { DecisionDigest } from '../decisions/decision-digest.ts';
import { DecisionLog } from '../decisions/decision-log.ts';
import { Meter } from '../measure/meter.ts';
import { DecisionSeries, intervalFor, NicSeries } from '../measure/series.ts';
import { type Cable, Network } from '../network/network.ts';
import type { SimulatedNic } from '../network/simulated-nic.ts';
import type { EventResult, SimulationResult } from '../result.ts';
import type { Scenario } from '../scenario/check.ts';
import type { SimulatedGuest } from '../traffic/guest.ts';
import { assertAllConserved, simulationAccounts } from './accounts.ts';
import { cablesOf } from './cables.ts';
import { composeSimulated, watchedBy } from './compose.ts';
import { hear } from './host-events.ts';
import { outcome } from './outcome.ts';
import type { Places } from './places.ts';
import { scriptOf } from './script.ts';
import { Traffic } from './traffic.ts';

/** What `simulate` may be told beside the scenario. */
export interface SimulateOptions {
  /** Is told, now and then, which part of the run is done, from 0 to 1, and how many frames have passed the NICs. */
  readonly progress?: (part: number, frames: number, nowUs: number) => void;
  /** Is given the decision log, as it is written: lines of JSON. */
  readonly decisions?: (text: string) => void;
}

/**
 * Runs a scenario on the virtual clock. The same scenario gives the same result.
 *
 * @throws FairleadError what a plugin of the host throws while it is made; `FAIRLEAD_ERR_CONSERVATION` when at the end
 * some frame is not accounted for, which is a fault of the program.
 * @example
 * ```ts
 * import { checkScenario, type SimulateOptions, simulateChecked, type WrittenScenario } from '@fairlead/simulator';
 *
 * async function twice(written: WrittenScenario): Promise<boolean> {
 *   const { scenario, complaints } = await checkScenario(written);
 *   if (scenario === undefined) throw new Error(complaints.map(({ what }) => what).join('; '));
 *   const options: SimulateOptions = { progress: (part) => console.log(`${Math.round(part * 100)}%`) };
 *   const [first, second] = [await simulateChecked(scenario, options), await simulateChecked(scenario, options)];
 *   return first.digest === second.digest;
 * }
 * ```
 */
export async function simulateChecked(scenario: Scenario, options: SimulateOptions = {}): Promise<SimulationResult> {
  const digest = new DecisionDigest();
  const decisions = new DecisionSeries(scenario.host.config.nics.length);
  const sink = (text: string): void => {
    digest.sink(text);
    options.decisions?.(text);
  };
  const log = new DecisionLog(
    scenario.host.config.vms.map(({ name }) => name),
    sink,
    decisions,
  );
  const host = new Host(watchedBy(await composeSimulated(scenario), log));
  try {
    log.watch(host.arena.nics);
    const events: EventResult[] = [];
    const { network, nics, traffic, meters } = connect(host, scenario);
    await host.start();
    hear(host, events);
    const nicSeries = new NicSeries(host, nics, network.cables);
    const stage = { host, network, nics, flows: traffic.flows, scenario, log };
    const intervalUs = intervalFor(scenario.duration);
    const script = scriptOf(stage);
    const frames = (): number => nics.reduce((sum, nic) => sum + nic.sentFrames + nic.receivedFrames, 0);
    let line = 0;
    for (let end = intervalUs; ; end += intervalUs) {
      const untilUs = Math.min(end, scenario.duration);
      while (line < script.length && (script[line]?.atUs ?? 0) < untilUs) {
        const { atUs, text, run } = script[line++] as (typeof script)[number];
        await runTo(host, network, atUs, scenario.step);
        if (text !== undefined) events.push({ seconds: atUs / 1e6, by: 'script', text });
        await run();
      }
      await runTo(host, network, untilUs, scenario.step);
      log.settle();
      for (const meter of meters) meter.mark();
      nicSeries.mark();
      decisions.mark();
      options.progress?.(untilUs / scenario.duration, frames(), untilUs);
      if (untilUs === scenario.duration) break;
      if (options.progress !== undefined) await nextTurn();
    }
    log.flush();
    const accounts = simulationAccounts(host, network, nics);
    assertAllConserved(accounts);
    return outcome({ ...stage, meters, nicSeries, decisions, events, accounts, intervalUs, frames: frames(), digest });
  } finally {
    await host.close();
  }
}

/** Responders are asynchronous: where there are any, they have their turn after each poll of the links. */
async function runTo(host: Host, network: Network, untilUs: number, stepUs: number): Promise<void> {
  const { signals, monitor } = host.config;
  const turnUs = signals.length === 0 ? Number.POSITIVE_INFINITY : monitor.linkPollMs * 1000;
  while (host.nowUs < untilUs) {
    host.run(Math.min(turnUs, untilUs - host.nowUs), stepUs);
    await host.signals.idle();
  }
  network.advance(untilUs);
}

/** Makes the network and the flows, and connects them with the host. */
function connect(host: Host, scenario: Scenario) {
  const randomFor = (stream: string): SeededRandom => new SeededRandom(scenario.seed, stream);
  const cables = cablesOf(scenario);
  const { vms } = host.config;
  const network = new Network(
    cables,
    vms.map((_, vm) => vm),
    vms.map(({ mac }) => parseMac(mac)),
  );
  const meters: Meter[] = [];
  const traffic = new Traffic(placesOf(host, network, scenario, meters), scenario.named, randomFor);
  network.serve(traffic.flows);
  for (const { name } of vms) host.device<SimulatedGuest>(name).serve(traffic.flows);
  const nics = host.config.nics.map(({ name }) => host.nics.driver<SimulatedNic>(name));
  for (const [i, nic] of nics.entries()) nic.connect(network, cables[i] as Cable, traffic.inbound);
  return { network, nics, traffic, meters };
}

/** The one host, and the VMs where they are. */
function placesOf(host: Host, network: Network, { warmUp }: Scenario, meters: Meter[]): Places {
  const { vms } = host.config;
  const names = vms.map(({ name }) => name);
  return {
    vms: names,
    numberOf: (name) => names.indexOf(name),
    macOf: (vm) => vms[vm]?.mac ?? '',
    homeOf: () => 0,
    guestOf: (vm) => host.device<SimulatedGuest>(names[vm] as string),
    networkOf: () => network,
    meterOf: (vm, direction) => {
      const known = meters.find((meter) => meter.vm === vm && meter.direction === direction);
      if (known !== undefined) return known;
      const meter = new Meter(vm, direction, warmUp);
      meters.push(meter);
      return meter;
    },
  };
}
