import { ask } from '../control/client.ts';
import type { HostStatus } from '../control/commands/status.ts';
import type { Output } from '../output.ts';
import { fit, shortCount, shortRate } from '../view/figures.ts';

/** Which running host a command speaks to, and how it shows what it is told. */
export interface ControlOptions {
  /** Path of the control socket; that of the one host that runs when left out. */
  readonly control?: string;
  readonly json?: boolean;
}

/** `fairlead status`: how a running host is. */
export async function status(options: ControlOptions, output: Output): Promise<number> {
  const told = await ask<HostStatus>(options.control, 'status');
  if (options.json) output.print(JSON.stringify({ version: 1, ...told }));
  else for (const line of statusLines(told)) output.print(line);
  return 0;
}

const row = (name: string, ...cells: readonly string[]): string =>
  `${fit(name, 16)}${cells.map((cell) => fit(cell, 12, 'right')).join('')}`;

function statusLines(told: HostStatus): string[] {
  const { file, pid, upSeconds, workers, admission, distribution } = told;
  return [
    `${file}: process ${pid}, up ${upSeconds.toFixed(0)} s, ${workers} worker${workers === 1 ? '' : 's'}`,
    `admission ${admission}, distribution ${distribution}`,
    '',
    row('VM', 'state', 'sent', 'waiting'),
    ...told.vms.map((vm) => row(vm.name, vm.state, shortCount(vm.transmittedFrames), shortCount(vm.backlogFrames))),
    '',
    row('NIC', 'state', 'speed', 'sent'),
    ...told.nics.map((nic) => row(nic.name, nic.state, shortRate(nic.speedBps), shortCount(nic.txFrames))),
  ];
}
