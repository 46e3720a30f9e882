import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Account, Host } from '@fairlead/core';
import { CaptureReader } from '@fairlead/nic-driver-pcap/capture';
import { FairleadError } from '@fairlead/sdk';
import { DecisionLog } from '@fairlead/simulator/decisions';
import type { CheckedHostFile } from '../config/check-host-file.ts';
import { type HappenedEvent, listen } from '../live/events.ts';
import { type Rates, ratesBetween } from '../live/rates.ts';
import { Sampler } from '../live/sample.ts';
import { DecisionFile } from './decision-file.ts';
import { digestFiles, digestOfAll, type OutputDigest } from './digest.ts';
import { Feed, type FeedCounts } from './feed.ts';
import { captureName, replayHost } from './replay-host.ts';

export interface ReplayOptions {
  readonly capture: string;
  /** Folder for the outputs; made when it is not there. */
  readonly out: string;
  /** Speed of a NIC whose driver's options give none, in bit/s. */
  readonly nicSpeedBps: number;
  /** Gives frames of unknown source to the VMs in turn. */
  readonly assign: boolean;
  /** Keeps the virtual clock from running ahead of real time. */
  readonly realTime: boolean;
  readonly progress?: (part: number, counts: FeedCounts, nowUs: number) => void;
}

export interface ReplayResult {
  readonly capture: FeedCounts & { readonly unknown: number; readonly assigned: number };
  readonly strangers: readonly { readonly mac: string; readonly frames: number }[];
  /** Rates over the whole of the virtual time, and counters at its end. */
  readonly rates: Rates;
  readonly accounts: readonly Account[];
  readonly conserved: boolean;
  readonly events: readonly HappenedEvent[];
  /** What is worth a warning, in words. */
  readonly notes: readonly string[];
  readonly files: readonly OutputDigest[];
  /** SHA-256 over all files: equal for equal inputs. */
  readonly digest: string;
}

const DECISIONS_NAME = 'decisions.jsonl';
const FRAMES_A_TURN = 512;
/** How long, on the virtual clock, what waits at the end of the capture may take to leave. */
const DRAIN_US = 60e6;
const DRAIN_STEP_US = 1_000;
const MOST_STRANGERS_SHOWN = 5;

/**
 * Runs a capture through the policies of a host, open-loop on the virtual clock: each frame is offered at its time,
 * whatever became of those before it. The same inputs give the same bytes.
 *
 * @throws FairleadError when the capture cannot be read or the outputs cannot be written.
 */
export async function replay(checked: CheckedHostFile, options: ReplayOptions): Promise<ReplayResult> {
  const notes: string[] = [];
  const events: HappenedEvent[] = [];
  const reader = new CaptureReader(options.capture, { onTruncated: (message) => notes.push(message) });
  let decisions: DecisionFile | undefined;
  let host: Host | undefined;
  try {
    decisions = openDecisions(options.out);
    const log = new DecisionLog(
      checked.composition.config.vms.map((vm) => vm.name),
      decisions.sink,
    );
    const made = await replayHost(checked, options.out, options.nicSpeedBps, log);
    host = made.host;
    const sampler = new Sampler(host, made.composition);
    const before = sampler.take();
    listen(host, (event) => {
      if (event.event !== 'vm') events.push(event);
    });
    await host.start();
    takeDownUnplugged(host, checked);
    const feed = new Feed(host, log, options.assign);
    await feedAll(reader, feed, host, options);
    drain(host);
    log.settle();
    const rates = ratesBetween(before, sampler.take());
    await host.close();
    log.flush();
    decisions.close();
    decisions = undefined;
    const accounts = host.accounts();
    const names = [DECISIONS_NAME, ...checked.composition.config.nics.map((nic) => captureName(nic.name))];
    const files = await digestFiles(options.out, names);
    const conserved = accounts.every(({ missing }) => missing === 0);
    const { unknownFrames: unknown, assigned } = feed.senders;
    const capture = { ...feed.counts, unknown, assigned };
    const strangers = feed.senders.strangers(MOST_STRANGERS_SHOWN);
    return { capture, strangers, rates, accounts, conserved, events, notes, files, digest: digestOfAll(files) };
  } finally {
    reader.close();
    decisions?.close();
    await host?.close();
  }
}

function openDecisions(out: string): DecisionFile {
  try {
    mkdirSync(out, { recursive: true });
    return new DecisionFile(join(out, DECISIONS_NAME));
  } catch (cause) {
    throw new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', `the outputs cannot be written: ${(cause as Error).message}`, {
      where: out,
      mend: 'name a folder that may be written to with --out',
      cause,
    });
  }
}

/** A simulated NIC that is configured without a link has none here either. */
function takeDownUnplugged(host: Host, { composition }: CheckedHostFile): void {
  for (const [i, { options }] of composition.nics.entries()) {
    if ((options as { up?: unknown }).up === false)
      host.nics.setAdmin((composition.config.nics[i] as { name: string }).name, false);
  }
}

async function feedAll(reader: CaptureReader, feed: Feed, host: Host, options: ReplayOptions): Promise<void> {
  const startMs = performance.now();
  while (reader.next()) {
    if (options.realTime) {
      const aheadMs = reader.sinceFirstUs / 1000 - (performance.now() - startMs);
      if (aheadMs > 1) await pause(aheadMs);
    }
    feed.give(reader);
    if (feed.counts.frames % FRAMES_A_TURN !== 0 && !options.realTime) continue;
    options.progress?.(reader.sizeBytes === 0 ? 1 : reader.offsetBytes / reader.sizeBytes, feed.counts, host.nowUs);
    await nextTurn();
  }
}

/** Lets what still waits go its way. */
function drain(host: Host): void {
  const endUs = host.nowUs + DRAIN_US;
  do host.run(DRAIN_STEP_US);
  while (host.nowUs < endUs && isWaiting(host));
}

function isWaiting(host: Host): boolean {
  const { txRings, nicRings, handle } = host.arena;
  for (let vm = 0; vm < handle.shape.vms; vm++) if (txRings.length(vm) > 0) return true;
  for (let nic = 0; nic < handle.shape.nics; nic++) if (nicRings.length(nic) > 0) return true;
  return false;
}
