import type { Signal, SignalKind } from '@fairlead/sdk';
import { PluginFailure, wrongAnswer } from '../path/plugin-failure.ts';

const KINDS: readonly SignalKind[] = ['attack', 'backlog', 'failover', 'nic-down', 'reservation-unmet'];
/** Measurements of one signal, and characters of a name or a text among them. */
const MOST_EVIDENCE = 32;
const MOST_CHARACTERS = 256;
/** A small host hears so many signals of one detector at once, a large one two for each VM and each NIC. */
const LEAST_SIGNALS = 64;

/** What a judgement is held against. */
export interface Judged {
  /** Name of the detector. */
  readonly from: string;
  /** VMs of the host. */
  readonly vms: number;
  /** NICs of the host. */
  readonly nics: number;
}

/**
 * What a detector has found, of which nothing is believed unseen: it is copied field by field, and who raised it is for
 * the host to say.
 *
 * @throws PluginFailure `FAIRLEAD_ERR_PLUGIN_ANSWER`, `_ASYNC` or `_RANGE`.
 */
export function judgementOf(answer: unknown, judged: Judged): Signal[] {
  if (!Array.isArray(answer)) {
    if (typeof (answer as { then?: unknown } | null)?.then === 'function') throw wrongAnswer('judge', answer);
    throw new PluginFailure('FAIRLEAD_ERR_PLUGIN_ANSWER', 'judge answered with no array of signals');
  }
  const most = Math.max(LEAST_SIGNALS, 2 * (judged.vms + judged.nics));
  if (answer.length > most) throw outOfRange(`raised ${answer.length} signals at once; this host hears ${most}`);
  return Array.from(answer, (signal: unknown) => signalOf(signal, judged));
}

function signalOf(written: unknown, { from, vms, nics }: Judged): Signal {
  if (typeof written !== 'object' || written === null) throw wrong('raised a signal that is no object');
  const { kind, vm, nic, atUs, confidence, evidence } = written as Partial<Signal>;
  if (!KINDS.includes(kind as SignalKind)) throw wrong(`raised a signal of the kind ${quoted(kind)}`);
  if (typeof atUs !== 'number' || !Number.isFinite(atUs)) throw wrong(`raised a signal at ${quoted(atUs)} µs`);
  if (typeof confidence !== 'number' || !(confidence >= 0 && confidence <= 1))
    throw outOfRange(`raised a signal with the confidence ${quoted(confidence)}, not 0 to 1`);
  return {
    kind: kind as SignalKind,
    from,
    ...(vm === undefined ? {} : { vm: row('VM', vm, vms) }),
    ...(nic === undefined ? {} : { nic: row('NIC', nic, nics) }),
    atUs,
    confidence,
    evidence: evidenceOf(evidence),
  };
}

function row(what: string, number: unknown, count: number): number {
  if (Number.isInteger(number) && (number as number) >= 0 && (number as number) < count) return number as number;
  throw outOfRange(`raised a signal about ${what} ${quoted(number)}; the host has 0 to ${count - 1}`);
}

function evidenceOf(evidence: unknown): Record<string, number | string> {
  if (typeof evidence !== 'object' || evidence === null) throw wrong('raised a signal without evidence');
  const entries = Object.entries(evidence);
  if (entries.length > MOST_EVIDENCE)
    throw outOfRange(`gave ${entries.length} pieces of evidence, of ${MOST_EVIDENCE}`);
  for (const [name, value] of entries) {
    if (typeof value !== 'number' && typeof value !== 'string')
      throw wrong(`gave evidence that is neither number nor text: ${quoted(name)}`);
    if (name.length > MOST_CHARACTERS || String(value).length > MOST_CHARACTERS)
      throw outOfRange(`gave evidence of more than ${MOST_CHARACTERS} characters`);
  }
  return Object.fromEntries(entries) as Record<string, number | string>;
}

const wrong = (what: string): PluginFailure => new PluginFailure('FAIRLEAD_ERR_PLUGIN_ANSWER', `judge ${what}`);
const outOfRange = (what: string): PluginFailure => new PluginFailure('FAIRLEAD_ERR_PLUGIN_RANGE', `judge ${what}`);
const quoted = (value: unknown): string => String(value).slice(0, 64);
