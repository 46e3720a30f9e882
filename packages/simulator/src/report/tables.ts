import type { Account } from '@fairlead/core';
import { changeBetween, compareResults, labelOf } from '../compare.ts';
import { countText, figureText, percentText, rateText, timeText } from '../figures.ts';
import type { HostResult, SimulationResult } from '../result.ts';
import { escapeHtml } from './escape.ts';
import { marksOf } from './plots.ts';

type Cell = string | number;

function table(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  texts: readonly number[] = [0],
  kind = '',
): string {
  const classOf = (i: number): string => (texts.includes(i) ? ' class="text"' : '');
  const head = heads.map((text, i) => `<th${classOf(i)}>${escapeHtml(text)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map(
      (cell, i) => `<td${classOf(i)}>${escapeHtml(typeof cell === 'number' ? countText(cell) : cell)}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table${kind === '' ? '' : ` class="${kind}"`}><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

const section = (title: string, content: string): string =>
  `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;

/** The figures of several results side by side, with the change from the first. */
export function comparisonHtml(results: readonly SimulationResult[]): string {
  const head = ['', '', ...results.map(({ title }) => title)].map(
    (text, i) => `<th${i < 2 ? ' class="text"' : ''}>${escapeHtml(text)}</th>`,
  );
  const policies = (['admission', 'distribution'] as const).map((place) => {
    const cells = results.map((result) => `<td>${escapeHtml(result.policies[place])}</td>`);
    return `<tr><td>policies</td><td class="text">${place}</td>${cells.join('')}</tr>`;
  });
  let last = '';
  const rows = compareResults(results).map(({ subject, name, unit, values }) => {
    const cells = values.map((value, i) => {
      const change = i === 0 ? '' : changeBetween(values[0], value);
      return `<td>${escapeHtml(figureText(value, unit))}${change === '' ? '' : `<small>${change}</small>`}</td>`;
    });
    const isFirst = subject !== last;
    last = subject;
    const shown = isFirst ? escapeHtml(subject) : '';
    return `<tr${isFirst ? ' class="first"' : ''}><td>${shown}</td><td class="text">${name}</td>${cells.join('')}</tr>`;
  });
  const body = [...policies, ...rows].join('');
  return section(
    'Side by side',
    `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body}</tbody></table></div>`,
  );
}

/** The tables of one result. */
export function tablesHtml(result: SimulationResult): string {
  const { vms, nics, hosts, decisions, flows, accounts } = result;
  const vmRows = vms.map((vm): Cell[] => [
    labelOf(vm),
    rateText(vm.throughputBps),
    timeText(vm.latency.p50Us),
    timeText(vm.latency.p99Us),
    timeText(vm.latency.maxUs),
    vm.sentFrames,
    vm.lostFrames,
    vm.guestLostFrames,
    vm.retransmits,
  ]);
  const nicRows = nics.map((nic): Cell[] => [
    nic.name,
    rateText(nic.speedBps),
    rateText(nic.txBps),
    rateText(nic.rxBps),
    percentText(nic.load),
    decisions.sent[nic.name] ?? 0,
    nic.lostByFullQueue,
    nic.lostByChance,
    nic.missedFrames,
  ]);
  const eventRows = marksOf(result).map(({ number, seconds, text }): Cell[] => [
    String(number),
    `${seconds.toFixed(3)} s`,
    text,
  ]);
  const dropped = Object.entries(decisions.dropped).map(([reason, frames]) => `${countText(frames)} ${reason}`);
  const sent = Object.values(decisions.sent).reduce((sum, frames) => sum + frames, 0);
  return [
    section(
      'VMs',
      table(
        ['VM', 'throughput', 'latency p50', 'p99', 'most', 'sent', 'lost', 'lost in the guest', 'retransmits'],
        vmRows,
      ),
    ),
    ...(hosts === undefined ? [] : [section('Hosts', hostTable(hosts))]),
    ...(nics.length === 0
      ? []
      : [
          section(
            'NICs',
            table(
              ['NIC', 'speed', 'sends', 'gets', 'load', 'chosen', 'lost: full queue', 'by chance', 'link down'],
              nicRows,
            ),
          ),
        ]),
    section(
      'Policies',
      `<p class="facts">Frames: ${countText(sent)} sent, ${countText(decisions.queued)} made to wait, ${escapeHtml(dropped.join(', ') || 'none')} dropped.</p>`,
    ),
    ...(eventRows.length === 0 ? [] : [section('Events', table(['', 'time', 'what'], eventRows, [2], 'fitting'))]),
    ...(flows.length > 64 ? [] : [section('Flows', flowTable(result))]),
    ...(accounts.length > MOST_ACCOUNTS ? [] : [section('Where every frame went', accountTable(accounts))]),
  ].join('\n');
}

/** Rows of a table at most; of more hosts the JSON tells. */
const MOST_HOSTS = 200;
const MOST_ACCOUNTS = 2000;

function hostTable(hosts: readonly HostResult[]): string {
  const rows = hosts
    .slice(0, MOST_HOSTS)
    .map(({ name, vms, throughputBps, latency, arrivedFrames, lostFrames, attackFrames }): Cell[] => [
      name,
      vms,
      rateText(throughputBps),
      timeText(latency.p50Us),
      timeText(latency.p99Us),
      arrivedFrames,
      lostFrames,
      attackFrames,
    ]);
  const more = hosts.length > MOST_HOSTS ? `<p class="facts">… and ${hosts.length - MOST_HOSTS} more</p>` : '';
  return table(['host', 'VMs', 'throughput', 'latency p50', 'p99', 'arrived', 'lost', 'of attacks'], rows) + more;
}

function flowTable({ flows }: SimulationResult): string {
  const heads = [
    'sender',
    'VM',
    'kind',
    'goodput',
    'sent',
    'arrived',
    'twice',
    'out of order',
    'retransmits',
    'finished',
  ];
  const rows = flows.map((flow): Cell[] => [
    flow.sender,
    flow.vm,
    flow.kind,
    rateText(flow.goodputBps),
    flow.sentFrames,
    flow.arrivedFrames,
    flow.duplicates,
    flow.outOfOrder,
    flow.retransmits,
    flow.finishedSeconds === undefined ? '–' : `${flow.finishedSeconds.toFixed(3)} s`,
  ]);
  return table(heads, rows, [0, 1, 2]);
}

function accountTable(accounts: readonly Account[]): string {
  const used = accounts.filter(({ accepted, missing }) => accepted > 0 || missing !== 0);
  const rows = used.map((row): Cell[] => [
    row.subject,
    row.accepted,
    row.transmitted,
    row.queued,
    row.dropped,
    row.missing,
  ]);
  return table(['frames', 'accepted', 'handed on', 'waiting', 'dropped', 'missing'], rows);
}
