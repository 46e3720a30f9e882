import { readFileSync } from 'node:fs';
import { checkValue, type ShadowReport } from '@fairlead/core';
import { FairleadError, Type } from '@fairlead/sdk';
import { ask } from '../control/client.ts';
import type { Output } from '../output.ts';
import { shadowLines } from '../view/shadow-report.ts';
import type { ControlOptions } from './status.ts';
import { type NamedPolicy, policyArgs } from './swap.ts';

/** `fairlead shadow set`: has another policy asked beside the one that decides. */
export async function setShadow(
  policy: NamedPolicy,
  { control, json }: ControlOptions,
  output: Output,
): Promise<number> {
  const args = policyArgs(policy);
  await ask(control, 'shadow.set', args);
  const { section, plugin } = policy;
  if (json) output.print(JSON.stringify({ version: 1, section, shadow: plugin }));
  else output.print(`${section}: ${plugin} is asked beside the policy that decides; see fairlead shadow report`);
  return 0;
}

/** `fairlead shadow clear`: takes a shadow away, and what it has written down. */
export async function clearShadow(section: string, { control, json }: ControlOptions, output: Output): Promise<number> {
  await ask(control, 'shadow.clear', { section });
  if (json) output.print(JSON.stringify({ version: 1, section, shadow: null }));
  else output.print(`${section}: no policy is asked beside the one that decides`);
  return 0;
}

/** `fairlead shadow report`: what the shadows of a running host, or of a report that was written down, would have done. */
export async function reportShadows(
  file: string | undefined,
  { control, json }: ControlOptions,
  output: Output,
): Promise<number> {
  const report = file === undefined ? await ask<ShadowReport>(control, 'shadow.report') : readReport(file);
  if (json) output.print(JSON.stringify(report));
  else for (const line of shadowLines(report)) output.print(line);
  return 0;
}

const count = Type.Number({ minimum: 0 });
const reportSchema = Type.Object({
  version: Type.Literal(1),
  sections: Type.Array(
    Type.Object({
      section: Type.String(),
      real: Type.String(),
      shadow: Type.String(),
      state: Type.String(),
      faults: Type.Array(Type.String()),
      sinceUs: count,
      batches: count,
      frames: count,
      same: count,
      matrix: Type.Array(Type.Object({ real: Type.String(), shadow: Type.String(), frames: count, bytes: count })),
      vms: Type.Array(Type.Object({ vm: Type.String(), frames: count, same: count })),
      differences: Type.Array(
        Type.Object({
          atUs: count,
          vm: Type.String(),
          bytes: count,
          real: Type.String(),
          shadow: Type.String(),
          backlogFrames: count,
          nics: Type.Array(Type.Object({ name: Type.String(), available: Type.Boolean(), pendingBytes: count })),
        }),
      ),
    }),
  ),
});

/** @throws FairleadError `FAIRLEAD_ERR_REPORT_FORMAT` */
function readReport(file: string): ShadowReport {
  const wrong = (what: string, cause?: unknown): FairleadError =>
    new FairleadError('FAIRLEAD_ERR_REPORT_FORMAT', what, {
      where: file,
      mend: 'name a file that fairlead run --shadow-report has written',
      ...(cause === undefined ? {} : { cause }),
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw wrong(`the report cannot be read: ${(cause as Error).message}`, cause);
  }
  const [first] = checkValue(reportSchema, value, 'FAIRLEAD_ERR_REPORT_FORMAT').complaints;
  if (first !== undefined) throw wrong(`this is no report of shadow policies: ${first.path || 'it'}: ${first.what}`);
  return value as ShadowReport;
}
