import type { HappenedEvent } from '../live/events.ts';
import type { Rates } from '../live/rates.ts';
import { shortCount, shortRate } from './figures.ts';

/** Of a large host a line shows the busiest; `--json` shows all. */
const MOST_NAMES = 8;

/**
 * The rates as one line of text:
 *
 * ```
 *  3 s  sends 150.2M gets 149.8M  VMs web 40.0M/60.0M db 50.0M  NICs slow 25.0M mid 50.0M fast down  waiting 512  dropped 0
 * ```
 */
export function rateLine(rates: Rates): string {
  const vms = rates.vms.map(({ name, state, txBps, offeredBps }) => {
    const wants = offeredBps === undefined ? '' : `/${shortRate(offeredBps)}`;
    return { text: `${name} ${state === 'running' ? `${shortRate(txBps)}${wants}` : state}`, txBps };
  });
  const nics = rates.nics.map(({ name, state, txBps }) => ({
    text: `${name} ${state === 'up' ? shortRate(txBps) : state}`,
    txBps,
  }));
  const drops = rates.drops.map(([reason, frames]) => `${reason} ${shortCount(frames)}`).join(' ');
  return [
    `${rates.seconds.toFixed(0).padStart(3)} s`,
    `sends ${shortRate(rates.txBps)} gets ${shortRate(rates.rxBps)}`,
    `VMs ${busiest(vms)}`,
    `NICs ${busiest(nics)}`,
    `waiting ${shortCount(rates.backlogFrames)}`,
    `dropped ${drops === '' ? '0' : drops}`,
  ].join('  ');
}

function busiest(all: readonly { text: string; txBps: number }[]): string {
  if (all.length <= MOST_NAMES) return all.map(({ text }) => text).join(' ');
  const most = [...all].sort((a, b) => b.txBps - a.txBps).slice(0, MOST_NAMES);
  return `${most.map(({ text }) => text).join(' ')} … ${all.length} in all`;
}

export function eventLine({ seconds, text }: HappenedEvent): string {
  return `${seconds.toFixed(1).padStart(5)} s  ${text}`;
}

/** The rates as one line of JSON; a limit that is not set is left out. */
export function rateJson(rates: Rates): string {
  const { seconds, txBps, rxBps, backlogFrames, drops, vms, nics } = rates;
  const finite = (key: string, value: unknown): unknown => {
    if (typeof value !== 'number') return value;
    if (!Number.isFinite(value)) return undefined;
    return key === 'seconds' || key === 'load' ? Math.round(value * 1000) / 1000 : Math.round(value);
  };
  return JSON.stringify(
    { type: 'rates', seconds, txBps, rxBps, backlogFrames, drops: Object.fromEntries(drops), vms, nics },
    finite,
  );
}

export function eventJson({ event, seconds, text, grave }: HappenedEvent): string {
  return JSON.stringify({ type: 'event', event, seconds: Math.round(seconds * 1000) / 1000, text, grave });
}
