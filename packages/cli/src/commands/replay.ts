import { basename, extname } from 'node:path';
import { checkHostFile } from '../config/check-host-file.ts';
import { faultLines } from '../config/fault.ts';
import type { Output } from '../output.ts';
import { type ReplayOptions, replay } from '../replay/replay.ts';
import type { Progress } from '../view/progress.ts';
import { replayJson, replayLines } from '../view/replay-summary.ts';

export interface ReplayFlags extends Partial<Omit<ReplayOptions, 'capture' | 'progress'>> {
  readonly config: string;
  readonly json?: boolean;
  readonly progress?: Progress;
}

const DEFAULT_NIC_SPEED_BPS = 1e9;

/** `fairlead replay`: runs a capture through the policies of a configuration. Returns the exit code. */
export async function replayCommand(capture: string, flags: ReplayFlags, output: Output): Promise<number> {
  const { config, json = false, out = defaultOut(capture), nicSpeedBps = DEFAULT_NIC_SPEED_BPS } = flags;
  const { checked, faults } = await checkHostFile(config);
  if (checked === undefined) {
    if (json) output.print(JSON.stringify({ ok: false, errors: faults }));
    else for (const fault of faults) for (const line of faultLines(fault)) output.tell(line);
    return 1;
  }
  const { assign = false, realTime = false, progress } = flags;
  const shown = progress === undefined ? {} : { progress: progress.show };
  const work = replay(checked, { capture, out, nicSpeedBps, assign, realTime, ...shown });
  const result = await work.finally(() => progress?.clear());
  if (json) output.print(replayJson(result, { capture, config, out }));
  else for (const line of replayLines(result, { capture, config, out })) output.print(line);
  return result.conserved ? 0 : 1;
}

/** Beside where one is: `trace.pcap` leads to `trace.replay`. */
function defaultOut(capture: string): string {
  return `${basename(capture, extname(capture))}.replay`;
}
