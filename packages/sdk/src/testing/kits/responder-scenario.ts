import type { Random } from '../../clock.ts';
import type { Signal, SignalKind } from '../../points/signal.ts';
import { drawInt, drawList, drawOne } from './draw.ts';
import { shorter } from './shrink.ts';

export const RESPONDER_VMS = 4;

/** Signals that come one after the other to one responder. */
export interface ResponderScenario {
  readonly options: object;
  readonly signals: readonly Signal[];
  readonly ttlMs: number;
  /** Time between two signals. */
  readonly gapUs: number;
}

const HOUR_US = 3_600_000_000;
const KINDS: readonly SignalKind[] = ['attack', 'backlog', 'failover', 'nic-down', 'reservation-unmet'];

function drawSignal(random: Random, atUs: number): Signal {
  const kind = drawOne(random, KINDS);
  const aboutNic = kind === 'nic-down' || kind === 'failover';
  return {
    kind,
    ...(aboutNic ? { nic: drawInt(random, 0, 3) } : {}),
    ...(!aboutNic || random.next() < 0.3 ? { vm: drawInt(random, 0, RESPONDER_VMS - 1) } : {}),
    atUs,
    confidence: drawOne(random, [0, 0.2, 0.5, 0.9, 1]),
    evidence: drawOne<Signal['evidence']>(random, [
      {},
      { synPerSecond: 120_000, destination: '192.0.2.1' },
      { refused: 4096, windowMs: 1000 },
    ]),
  };
}

export function drawResponder(random: Random, options: object): ResponderScenario {
  const gapUs = drawOne(random, [0, 1000, 1e6, HOUR_US]);
  return {
    options,
    gapUs,
    ttlMs: drawOne(random, [1, 1000, 60_000, 86_400_000]),
    signals: drawList(random, drawInt(random, 1, 12), () => drawSignal(random, 0)).map((signal, i) => ({
      ...signal,
      atUs: i * gapUs,
    })),
  };
}

export function* simplerResponder(scenario: ResponderScenario): Iterable<ResponderScenario> {
  for (const signals of shorter(scenario.signals, 1)) yield { ...scenario, signals };
  if (scenario.gapUs > 0) yield { ...scenario, gapUs: 0 };
  const { signals } = scenario;
  if (signals.some(({ evidence }) => Object.keys(evidence).length > 0))
    yield { ...scenario, signals: signals.map((signal) => ({ ...signal, evidence: {} })) };
}

export function tellSignal({ kind, vm, nic, confidence }: Signal): string {
  const about = [...(vm === undefined ? [] : [`VM ${vm}`]), ...(nic === undefined ? [] : [`NIC ${nic}`])];
  return `${kind}${about.length > 0 ? ` of ${about.join(' over ')}` : ''} (confidence ${confidence})`;
}

export function tellResponder({ options, signals, ttlMs, gapUs }: ResponderScenario): string {
  return [
    `  options ${JSON.stringify(options)}, actions for ${ttlMs} ms`,
    `  signals ${gapUs} us apart: ${signals.map(tellSignal).join('; ')}`,
  ].join('\n');
}
