import type { ReplayResult } from '../replay/replay.ts';
import { conservationLine } from './accounts.ts';
import { fit, shortRate } from './figures.ts';
import { eventLine } from './lines.ts';

/** What was replayed, as it was named on the command line. */
export interface ReplayNames {
  readonly capture: string;
  readonly config: string;
  readonly out: string;
}

export const OPEN_LOOP =
  'open-loop: a captured sender cannot react; a real one slows down when its frames wait or are lost';
const MOST_ROWS = 48;

/** The outcome of a replay for people. */
export function replayLines(result: ReplayResult, { capture, config, out }: ReplayNames): string[] {
  const { rates, notes, events, accounts, files, digest } = result;
  return [
    `replayed ${capture} through ${config} on the virtual clock: ${rates.seconds.toFixed(6)} s`,
    OPEN_LOOP,
    ...notes.map((note) => `note: ${note}`),
    ...captureLines(result),
    '',
    ...vmLines(result),
    '',
    ...nicLines(result),
    ...(events.length === 0 ? [] : ['', ...events.map(eventLine)]),
    '',
    conservationLine(accounts),
    `outputs in ${out}`,
    ...files.map(({ name, bytes, sha256 }) => `  ${sha256}  ${name} (${bytes} bytes)`),
    `digest sha256 ${digest}`,
  ];
}

function captureLines({ capture, strangers }: ReplayResult): string[] {
  const { frames, given, noRoom, cut, late, unknown, assigned, lastUs } = capture;
  const lines = [`capture: ${frames} frames in ${(lastUs / 1e6).toFixed(6)} s, ${given} given to VMs`];
  if (assigned > 0) lines.push(`  ${assigned} unknown sources given to VMs in turn, their frames under the VM's MAC`);
  if (unknown > 0) {
    const shown = strangers.map(({ mac, frames: count }) => `${mac} ${count}`).join(', ');
    lines.push(
      `  ${unknown} left out: no VM has their source MAC (${shown}${strangers.length < 5 ? '' : ', …'}); --assign gives them to VMs`,
    );
  }
  if (noRoom > 0)
    lines.push(
      `  ${noRoom} dropped at once as ring-full: their VM's ring had no room, and a replayed sender does not wait`,
    );
  if (cut > 0) lines.push(`  ${cut} were cut in the capture: replayed at their full length, the rest zeros`);
  if (late > 0) lines.push(`  ${late} are stamped before the frame in front of them: replayed right behind it`);
  return lines;
}

function row(name: string, cells: readonly (string | number)[]): string {
  return `${fit(name, 16)}${cells.map((cell) => fit(String(cell), 12, 'right')).join('')}`;
}

function vmLines({ rates, accounts }: ReplayResult): string[] {
  const active = rates.vms.flatMap(({ name, txBps }) => {
    const account = accounts.find(({ subject }) => subject === `vm ${name} outbound`);
    return account === undefined || account.accepted === 0 ? [] : [{ name, txBps, account }];
  });
  const rows = active
    .slice(0, MOST_ROWS)
    .map(({ name, txBps, account: { accepted, transmitted, queued, dropped } }) =>
      row(name, [accepted, transmitted, queued, dropped, shortRate(txBps)]),
    );
  const more = active.length > rows.length ? [`… and ${active.length - rows.length} more`] : [];
  const drops = rates.drops.map(([reason, frames]) => `${reason} ${frames}`).join(', ');
  return [
    row('VM', ['offered', 'sent', 'waiting', 'dropped', 'bit/s']),
    ...rows,
    ...more,
    `dropped: ${drops === '' ? 'nothing' : drops}`,
  ];
}

function nicLines({ rates, accounts }: ReplayResult): string[] {
  return [
    row('NIC', ['speed', 'frames', 'bit/s', 'of all']),
    ...rates.nics.map(({ name, speedBps, txBps }) => {
      const sent = accounts.find(({ subject }) => subject === `nic ${name} outbound`)?.transmitted ?? 0;
      const part = rates.txBps > 0 ? `${((txBps / rates.txBps) * 100).toFixed(1)}%` : '–';
      return row(name, [shortRate(speedBps), sent, shortRate(txBps), part]);
    }),
  ];
}

/** The outcome of a replay for programs. */
export function replayJson(result: ReplayResult, names: ReplayNames): string {
  const { rates, ...rest } = result;
  const { seconds, drops } = rates;
  return JSON.stringify({
    ok: result.conserved,
    ...names,
    openLoop: true,
    seconds,
    drops: Object.fromEntries(drops),
    ...rest,
  });
}
