import type { ActionRecord } from '@fairlead/core';
import { fit } from './figures.ts';

const seconds = (us: number): string => `${(us / 1e6).toFixed(3)} s`;

/** What was done to VMs, each with why, on what evidence, and what was not done in its place. */
export function actionLines(actions: readonly ActionRecord[], nowUs: number, none: string): string[] {
  if (actions.length === 0) return [none];
  return actions.flatMap((action) => {
    const { id, state, dryRun, vm, nic, reason, where, responder, signal, rejected, trouble } = action;
    const line = (name: string, value: string): string => `    ${fit(name, 10)}${value}`;
    const whom = vm || nic || 'the host';
    const by = responder === '' ? where : `${responder}, ${where}`;
    return [
      `${id}  ${state}  ${action.action} ${whom}${dryRun ? ' (dry run: it was only said)' : ''}  ${whenOf(action, nowUs)}`,
      line('why', `${reason} (${by})`),
      line('signal', signalText(signal)),
      ...rejected.map((one) => line('not done', one)),
      ...(trouble === undefined ? [] : [line('trouble', trouble)]),
    ];
  });
}

function whenOf({ state, atUs, expiresAtUs, endedAtUs }: ActionRecord, nowUs: number): string {
  if (state === 'withheld') return `at ${seconds(atUs)}`;
  if (endedAtUs !== undefined) return `from ${seconds(atUs)} to ${seconds(endedAtUs)}`;
  return `since ${seconds(atUs)}, for another ${seconds(Math.max(0, expiresAtUs - nowUs))}`;
}

function signalText({ kind, from, atUs, confidence, evidence }: ActionRecord['signal']): string {
  const by = from === undefined ? '' : ` from ${from}`;
  const seen = Object.entries(evidence).map(([name, value]) => `${name} ${value}`);
  return [`${kind}${by} at ${seconds(atUs)}, confidence ${confidence}`, ...seen].join(', ');
}
