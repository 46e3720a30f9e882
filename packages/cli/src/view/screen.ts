import type { HookCost } from '@fairlead/core';
import type { HappenedEvent } from '../live/events.ts';
import type { NicRates, Rates, VmRates } from '../live/rates.ts';
import { costLines } from './costs.ts';
import { bar, fit, shortBytes, shortCount, shortRate } from './figures.ts';

/** How a line is to look, where the terminal can show it. */
export type Tone = 'plain' | 'title' | 'head' | 'bad' | 'quiet';

export interface ScreenLine {
  readonly text: string;
  readonly tone: Tone;
}

/** What the screen says beside the rates. */
export interface ScreenFrame {
  readonly title: string;
  readonly rates: Rates;
  readonly events: readonly HappenedEvent[];
  /** What calls of the plugins cost; shown where nothing else needs the lines. */
  readonly costs: readonly HookCost[];
  readonly keys: string;
}

/** Narrower terminals see the left part of each line. */
const LEAST_COLUMNS = 80;
const MOST_EVENTS = 4;
/** Title, heads, totals, keys and the empty lines between. */
const FIXED_LINES = 10;

/** The screen for a terminal of a given size: at most `rows` lines of at most `columns` places. Pure. */
export function renderScreen(frame: ScreenFrame, columns: number, rows: number): ScreenLine[] {
  const { title, rates, events, costs, keys } = frame;
  const nameWidth = Math.min(24, 9 + Math.max(0, columns - LEAST_COLUMNS));
  const clock = `${rates.seconds.toFixed(0)} s`;
  const width = Math.max(columns, LEAST_COLUMNS);
  const head: ScreenLine[] = [
    { text: `${fit(title, width - clock.length - 1)} ${clock}`, tone: 'title' },
    { text: '', tone: 'plain' },
  ];
  const spare = rows - FIXED_LINES - rates.vms.length - rates.nics.length;
  const foot = footLines(rates, events, keys, Math.max(1, Math.min(MOST_EVENTS, spare)));
  const spent = costTable(costs, rates, spare - MOST_EVENTS, width);
  const room = Math.max(4, rows - head.length - foot.length - 3);
  const nicRoom = Math.max(2, Math.min(rates.nics.length, Math.floor(room / 2)));
  const nics = shorten(nicLines(rates.nics, nameWidth), nicRoom, 'NICs');
  const vms = shorten(vmLines(rates.vms, nameWidth), Math.max(2, room - nics.length), 'VMs');
  const lines = [
    ...head,
    vmHead(nameWidth),
    ...vms,
    { text: '', tone: 'plain' as const },
    nicHead(nameWidth),
    ...nics,
    ...spent,
    ...foot,
  ];
  return lines.slice(0, Math.max(1, rows)).map(({ text, tone }) => ({ text: text.slice(0, columns).trimEnd(), tone }));
}

const cell = (text: string, width = 8): string => fit(text, width, 'right');

function vmHead(nameWidth: number): ScreenLine {
  const cells = ['wants', 'sends', 'limit', 'gets'].map((text) => cell(text)).join('');
  return {
    text: `${fit('VM', nameWidth)} ${fit('state', 9)}${cells}${cell('waiting')}${cell('dropped')}  served`,
    tone: 'head',
  };
}

function vmLines(vms: readonly VmRates[], nameWidth: number): ScreenLine[] {
  return vms.map(({ name, state, offeredBps, txBps, rxBps, limitBps, backlogFrames, droppedFrames }) => {
    const wants = offeredBps === undefined ? '' : shortRate(offeredBps);
    const rates = [wants, shortRate(txBps), shortRate(limitBps), shortRate(rxBps)].map((text) => cell(text)).join('');
    const counts = `${cell(shortCount(backlogFrames))}${cell(shortCount(droppedFrames))}`;
    const served = offeredBps === undefined || offeredBps === 0 ? '' : bar(txBps / offeredBps, BAR);
    return {
      text: `${fit(name, nameWidth)} ${fit(state, 9)}${rates}${counts}  ${served}`,
      tone: state === 'running' ? 'plain' : 'quiet',
    };
  });
}

function nicHead(nameWidth: number): ScreenLine {
  const cells = ['speed', 'sends', '', 'gets'].map((text) => cell(text)).join('');
  return {
    text: `${fit('NIC', nameWidth)} ${fit('state', 9)}${cells}${cell('waiting')}${cell('dropped')}  load`,
    tone: 'head',
  };
}

function nicLines(nics: readonly NicRates[], nameWidth: number): ScreenLine[] {
  return nics.map(({ name, state, speedBps, txBps, rxBps, load, pendingBytes, droppedFrames }) => {
    const percent = `${(load * 100).toFixed(0)}%`;
    const rates = [shortRate(speedBps), shortRate(txBps), percent, shortRate(rxBps)].map((text) => cell(text)).join('');
    const counts = `${cell(shortBytes(pendingBytes))}${cell(shortCount(droppedFrames))}`;
    const away = state === 'down' || state === 'disabled' || state === 'failover';
    return {
      text: `${fit(name, nameWidth)} ${fit(state, 9)}${rates}${counts}  ${bar(load, BAR)}`,
      tone: away ? 'bad' : 'plain',
    };
  });
}

/** The costliest calls first, below an empty line and a head; nothing where there is no room for all three. */
function costTable(costs: readonly HookCost[], { nics }: Rates, room: number, columns: number): ScreenLine[] {
  if (costs.length === 0 || room < 3) return [];
  const costliest = [...costs].sort((one, other) => other.meanUs - one.meanUs);
  const names = nics.map(({ name }) => name);
  const [head, ...rows] = costLines(costliest, names, columns).map((text) => ({ text, tone: 'plain' as const }));
  return [{ text: '', tone: 'plain' }, { text: head.text, tone: 'head' }, ...shorten(rows, room - 2, 'calls')];
}

const BAR = 11;

function footLines(rates: Rates, events: readonly HappenedEvent[], keys: string, eventLines: number): ScreenLine[] {
  const drops = rates.drops.map(([reason, frames]) => `${reason} ${shortCount(frames)}`).join(', ');
  const latest = events.slice(-eventLines);
  const total = `all: sends ${shortRate(rates.txBps)} gets ${shortRate(rates.rxBps)} bit/s, ${shortCount(rates.backlogFrames)} frames waiting`;
  return [
    { text: '', tone: 'plain' },
    { text: total, tone: 'plain' },
    { text: `dropped: ${drops === '' ? 'nothing' : drops}`, tone: 'plain' },
    { text: '', tone: 'plain' },
    ...latest.map(({ seconds, text, grave }) => ({
      text: `${seconds.toFixed(1)} s  ${text}`,
      tone: grave ? ('bad' as const) : ('quiet' as const),
    })),
    ...Array.from({ length: eventLines - latest.length }, () => ({ text: '', tone: 'plain' as const })),
    { text: keys, tone: 'quiet' },
  ];
}

/** The first lines of a list, and one that says how many more there are. */
function shorten(lines: ScreenLine[], room: number, things: string): ScreenLine[] {
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), { text: `… and ${lines.length - room + 1} more ${things}`, tone: 'quiet' }];
}
