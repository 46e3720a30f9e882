import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Host, type ShadowReport } from '@fairlead/core';
import { FairleadError } from '@fairlead/sdk';
import { type CheckedHostFile, checkHostFile, faultAt } from '../config/check-host-file.ts';
import { type Fault, faultLines } from '../config/fault.ts';
import { namedPlace } from '../config/named-place.ts';
import { controlPathFor } from '../control/place.ts';
import { type ControlSocket, openControl } from '../control/server.ts';
import { faultFrom } from '../fault-from.ts';
import { EventQueue } from '../live/events.ts';
import { type Monitor, showLines, showScreen, type Watched } from '../live/monitor.ts';
import { toggleNic } from '../live/nic-switch.ts';
import type { Output } from '../output.ts';
import { accountLines, conservationLine } from '../view/accounts.ts';
import { costLines } from '../view/costs.ts';
import type { TerminalStreams } from '../view/terminal.ts';
import { describe } from './check.ts';
import { Stop, type StopCause } from './stop.ts';

export interface RunOptions {
  /** How long to run; until it is stopped when left out. */
  readonly forMs?: number;
  /** A line of JSON for each second, event and account. */
  readonly json?: boolean;
  /** Shown in the title. */
  readonly title?: string;
  /** Whether the digits take NICs down and up. */
  readonly nicKeys?: boolean;
  /** A terminal to show a live screen on; lines when left out. */
  readonly terminal?: TerminalStreams;
  /** Where the control socket is to be; false: there is to be none. At a path of its own when left out. */
  readonly control?: string | false;
  /** File for what the shadow policies would have done. */
  readonly shadowReport?: string;
}

/**
 * `fairlead run`: runs the host of a configuration file on real time until a signal, the set time or a key ends it;
 * then closes it and says where every frame went. Returns the exit code.
 */
export async function run(name: string, options: RunOptions, output: Output): Promise<number> {
  const { checked, faults } = await checkHostFile(name);
  const refused = checked === undefined ? faults : refusals(checked);
  if (checked === undefined || refused.length > 0) return report(refused, options, output);
  try {
    // One that cannot be written is to be known now, not when the host has run.
    if (options.shadowReport !== undefined) writeReport(options.shadowReport, { version: 1, sections: [] });
  } catch (error) {
    return report([faultFrom(error)], options, output);
  }
  const stop = new Stop();
  let host: Host;
  let events: EventQueue;
  try {
    host = new Host(checked.composition);
    events = new EventQueue(host);
    await host.start();
  } catch (error) {
    stop.dispose();
    return report([startFault(checked, error)], options, output);
  }
  let control: ControlSocket | undefined;
  try {
    control = await listen(checked, host, options, output);
  } catch (error) {
    stop.dispose();
    await host.close();
    return report([faultFrom(error)], options, output);
  }
  const watched = { host, composition: checked.composition, events };
  const stopped = new Promise<FairleadError>((resolve) => host.once('stopped', resolve));
  host.once('stopped', () => stop.now('plugin'));
  const cause = await watch(watched, checked.file.name, options, stop, output, control);
  await control?.close();
  await host.close();
  if (options.shadowReport !== undefined) writeReport(options.shadowReport, host.shadowReport());
  const code = account(host, cause, options, output);
  return cause === 'plugin' ? report([faultFrom(await stopped)], options, output, 'stopped') : code;
}

/** What `check` has nothing against, and real time has. */
function refusals({ file, composition }: CheckedHostFile): readonly Fault[] {
  if (composition.config.runtime.kind === 'workers') return [];
  const what = 'the inline runtime has a virtual clock, and run is on real time';
  const mend = 'remove kind, or write kind: workers; fairlead replay runs on the virtual clock';
  return [faultAt(file, { code: 'FAIRLEAD_ERR_CONFIG_INVALID', path: 'runtime.kind', what, mend })];
}

/** An error of a part that could not be opened, at the place in the file where that part is. */
function startFault({ file, composition }: CheckedHostFile, error: unknown): Fault {
  const fault = faultFrom(error);
  const path = namedPlace(composition.config, fault.path);
  if (path === undefined) return fault.path === '' ? { ...fault, file: file.name } : faultAt(file, fault);
  return faultAt(file, { ...fault, path, what: `${fault.path}: ${fault.what}` });
}

/** @throws FairleadError `FAIRLEAD_ERR_REPORT_FORMAT` */
function writeReport(file: string, shadows: ShadowReport): void {
  try {
    writeFileSync(file, `${JSON.stringify(shadows, null, 2)}\n`);
  } catch (cause) {
    const what = `the report of the shadow policies cannot be written: ${(cause as Error).message}`;
    throw new FairleadError('FAIRLEAD_ERR_REPORT_FORMAT', what, { where: file, mend: 'name another file', cause });
  }
}

/** Opens the control socket. A path that was asked for must be had; without the usual one a host can do. */
async function listen(
  { file, composition }: CheckedHostFile,
  host: Host,
  { control }: RunOptions,
  output: Output,
): Promise<ControlSocket | undefined> {
  if (control === false) return undefined;
  const controlled = { host, composition, name: file.name };
  if (control !== undefined) return openControl(resolve(control), controlled);
  try {
    return await openControl(controlPathFor(file.name), controlled);
  } catch (error) {
    for (const line of faultLines(faultFrom(error))) output.tell(line);
    return undefined;
  }
}

async function watch(
  watched: Watched,
  name: string,
  options: RunOptions,
  stop: Stop,
  output: Output,
  control: ControlSocket | undefined,
): Promise<StopCause> {
  const { host, composition } = watched;
  const { json = false, terminal, nicKeys = false } = options;
  const title = options.title ?? `fairlead run ${name}`;
  let monitor: Monitor;
  if (terminal === undefined || json) {
    const at = control === undefined ? {} : { control: control.path };
    if (json) output.print(JSON.stringify({ type: 'start', file: name, about: describe(composition), ...at }));
    else {
      output.print(`${title}: ${describe(composition)}`);
      if (control !== undefined) output.print(`control socket: ${control.path}`);
    }
    monitor = showLines(watched, output, json);
  } else {
    const nics = Math.min(9, composition.config.nics.length);
    const digits = nicKeys
      ? `${Array.from({ length: nics }, (_, i) => i + 1).join(' ')} pull a NIC's cable or plug it in · `
      : '';
    const pressed = (key: string): void => {
      if (key === 'q' || key === '\x03') stop.now('key');
      else if (nicKeys && key >= '1' && key <= '9') toggleNic(host, Number(key) - 1);
    };
    monitor = showScreen(watched, terminal, { title, keys: `${digits}q quits`, pressed });
  }
  if (options.forMs !== undefined) stop.afterMs(options.forMs);
  const cause = await stop.happened;
  stop.dispose();
  monitor.stop();
  return cause;
}

/** The last words: where every frame went, and whether none is missing. */
function account(host: Host, cause: StopCause, { json }: RunOptions, output: Output): number {
  const all = host.accounts();
  const conserved = all.every(({ missing }) => missing === 0);
  if (json) output.print(JSON.stringify({ type: 'end', cause, conserved, accounts: all, costs: host.costs() }));
  else {
    for (const line of accountLines(all)) output.print(line);
    for (const line of costLines(
      host.costs(),
      host.config.nics.map(({ name }) => name),
    ))
      output.print(line);
    output.print(conservationLine(all));
  }
  return conserved ? 0 : 1;
}

function report(
  faults: readonly Fault[],
  { json }: RunOptions,
  output: Output,
  type: 'refused' | 'stopped' = 'refused',
): number {
  if (json) output.print(JSON.stringify({ type, errors: faults }));
  else for (const fault of faults) for (const line of faultLines(fault)) output.tell(line);
  return 1;
}
