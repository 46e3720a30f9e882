import {
  changeBetween,
  compareResults,
  figureText,
  type HostResult,
  labelOf,
  type MoveResult,
  type SimulationResult,
} from '@fairlead/simulator';
import { conservationLine } from './accounts.ts';
import { fit, shortCount, shortRate } from './figures.ts';
import { shadowLines } from './shadow-report.ts';

const MOST_ROWS = 48;
const NAME_WIDTH = 16;

/** The outcome of a simulation for people. */
export function simulationLines(result: SimulationResult): string[] {
  const { title, durationSeconds, warmUpSeconds, seed, policies, events, accounts, shadow, digest } = result;
  const warmUp = warmUpSeconds === 0 ? '' : `, of which the first ${warmUpSeconds} s are warm-up`;
  return [
    `${title}: ${durationSeconds} s on the virtual clock${warmUp}, seed ${seed}`,
    `admission ${policies.admission}, distribution ${policies.distribution}`,
    '',
    ...(result.hosts === undefined ? [] : [...hostLines(result.hosts), '']),
    ...(result.vms.length === 0 ? [] : [...vmLines(result), '']),
    ...(result.nics.length === 0 ? [] : [...nicLines(result), '']),
    decisionLine(result),
    ...(events.length === 0 ? [] : ['', ...shorten(events.map(({ seconds, text }) => eventLine(seconds, text)))]),
    ...(result.moves === undefined ? [] : ['', ...shorten(result.moves.map(moveLine))]),
    ...(shadow === undefined ? [] : ['', ...shadowLines(shadow)]),
    '',
    conservationLine(accounts),
    `digest sha256 ${digest}`,
  ];
}

function row(name: string, cells: readonly string[]): string {
  return `${fit(name, NAME_WIDTH)}${cells.map((cell) => fit(cell, 11, 'right')).join('')}`.trimEnd();
}

function shorten(rows: readonly string[]): string[] {
  return rows.length <= MOST_ROWS ? [...rows] : [...rows.slice(0, MOST_ROWS), `… and ${rows.length - MOST_ROWS} more`];
}

const time = (us: number): string => figureText(us, 'us');
const part = (value: number): string => figureText(value, 'part');
const lossPart = (lost: number, whole: number): string => (whole === 0 ? '–' : part(lost / whole));

function hostLines(hosts: readonly HostResult[]): string[] {
  return [
    row('host', ['VMs', 'bit/s', 'p50', 'p99', 'frames', 'lost', 'attack']),
    ...shorten(
      hosts.map(({ name, vms, throughputBps, latency, arrivedFrames, lostFrames, attackFrames }) => {
        const cells = [String(vms), shortRate(throughputBps), time(latency.p50Us), time(latency.p99Us)];
        const lost = lossPart(lostFrames, arrivedFrames + lostFrames);
        return row(name, [...cells, shortCount(arrivedFrames), lost, shortCount(attackFrames)]);
      }),
    ),
  ];
}

function vmLines({ vms }: SimulationResult): string[] {
  return [
    row('VM', ['bit/s', 'p50', 'p99', 'frames', 'lost', 'resent']),
    ...shorten(
      vms.map((vm) => {
        const { throughputBps, latency, arrivedFrames, lostFrames, guestLostFrames, sentFrames, retransmits } = vm;
        const lost = lossPart(lostFrames + guestLostFrames, sentFrames + guestLostFrames);
        const cells = [shortRate(throughputBps), time(latency.p50Us), time(latency.p99Us)];
        return row(labelOf(vm), [...cells, shortCount(arrivedFrames), lost, shortCount(retransmits)]);
      }),
    ),
  ];
}

function nicLines({ nics, decisions }: SimulationResult): string[] {
  return [
    row('NIC', ['speed', 'sends', 'gets', 'load', 'chosen', 'lost']),
    ...nics.map(({ name, speedBps, txBps, rxBps, load, lostByChance, lostByFullQueue, missedFrames }) =>
      row(name, [
        shortRate(speedBps),
        shortRate(txBps),
        shortRate(rxBps),
        part(load),
        shortCount(decisions.sent[name] ?? 0),
        shortCount(lostByChance + lostByFullQueue + missedFrames),
      ]),
    ),
  ];
}

function decisionLine({ decisions: { lines, sent, queued, dropped } }: SimulationResult): string {
  const all = Object.values(sent).reduce((sum, frames) => sum + frames, 0);
  const drops = Object.entries(dropped).map(([reason, frames]) => `${reason} ${shortCount(frames)}`);
  const parts = [`sent ${shortCount(all)}`, `made to wait ${shortCount(queued)}`];
  return `decisions: ${lines} lines; frames: ${[...parts, `dropped ${drops.join(', ') || 'none'}`].join(', ')}`;
}

function eventLine(seconds: number, text: string): string {
  return `${seconds.toFixed(3).padStart(8)} s  ${text}`;
}

function moveLine(move: MoveResult): string {
  const { vm, from, to, by, state, reason, beganSeconds, endedSeconds, downtimeMs, outboundFrames } = move;
  const where = `${vm} from ${from}${to === '' ? '' : ` to ${to}`}, for the ${by}: ${state}`;
  if (state !== 'done' || endedSeconds === undefined)
    return `migration of ${where}${reason === '' ? '' : `, ${reason}`}`;
  const took = time((endedSeconds - beganSeconds) * 1e6);
  const away = downtimeMs === undefined ? '' : `, away for ${time(downtimeMs * 1000)}`;
  const along = `${shortCount(outboundFrames)} frames to send and ${shortCount(move.inboundFrames)} to receive along`;
  return `migration of ${where} in ${took}${away}, ${along}`;
}

/** The outcomes of several simulations side by side, with the differences from the first. */
export function comparisonLines(results: readonly SimulationResult[]): string[] {
  const [first] = results;
  if (first === undefined) return [];
  const width = Math.max(12, ...results.map(({ title }) => Math.min(title.length, 24))) + 2;
  const line = (name: string, cells: readonly string[]): string =>
    `${fit(name, 30)}${cells.map((cell) => fit(cell, width, 'right')).join('')}`.trimEnd();
  const rows = compareResults(results).flatMap(({ subject, name, unit, values }) => [
    line(
      `${subject} ${name}`,
      values.map((value) => figureText(value, unit)),
    ),
    ...(values.some((value) => value !== values[0])
      ? [
          line(
            '',
            values.map((value, i) => (i === 0 ? '' : changeBetween(values[0], value))),
          ),
        ]
      : []),
  ]);
  return [
    line(
      '',
      results.map(({ title }) => fit(title, width - 2).trimEnd()),
    ),
    line(
      'admission',
      results.map(({ policies }) => policies.admission),
    ),
    line(
      'distribution',
      results.map(({ policies }) => policies.distribution),
    ),
    '',
    ...rows,
    '',
    conservationLine(results.flatMap(({ accounts }) => accounts)),
    ...results.map(({ title, digest }) => `digest sha256 ${digest}  ${title}`),
  ];
}
