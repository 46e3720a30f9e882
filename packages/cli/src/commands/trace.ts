import type { FrameTrace } from '@fairlead/core';
import { ask } from '../control/client.ts';
import type { Output } from '../output.ts';
import { traceDescribed } from '../trace/described.ts';
import type { DescribedFrame } from '../trace/frame.ts';
import { traceLines } from '../view/trace.ts';
import type { ControlOptions } from './status.ts';

export interface TraceFlags extends ControlOptions {
  /** Frames to wait for. */
  readonly next?: number;
  /** How long to wait for them. */
  readonly forMs?: number;
}

/** `fairlead trace <vm>`: what becomes of the next frames of a VM of a running host. */
export async function trace(vm: string, { control, json, next, forMs }: TraceFlags, output: Output): Promise<number> {
  const args = { vm, ...(next === undefined ? {} : { frames: next }), ...(forMs === undefined ? {} : { forMs }) };
  return show(await ask<FrameTrace[]>(control, 'trace', args), json, output);
}

/** `fairlead trace --config <file>`: what would become of a frame that is described, on a host that has just started. */
export async function traceFile(
  file: string,
  frame: DescribedFrame,
  { json, down }: { readonly json?: boolean; readonly down?: readonly string[] },
  output: Output,
): Promise<number> {
  return show(await traceDescribed(file, frame, down ?? []), json, output);
}

function show(frames: readonly FrameTrace[], json: boolean | undefined, output: Output): number {
  if (json) output.print(JSON.stringify({ version: 1, frames }));
  else if (frames.length === 0) output.print('the VM has sent nothing in this time');
  else for (const line of frames.flatMap(traceLines)) output.print(line);
  return 0;
}
