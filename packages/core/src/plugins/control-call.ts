import { FairleadError } from '@fairlead/sdk';

/** Which call it is, for the error. */
export interface ControlCall {
  readonly plugin: string;
  readonly hook: string;
  /** Path in the configuration. */
  readonly where: string;
  readonly limitMs: number;
}

/**
 * Waits for a control call, but no longer than its budget: nothing that a plugin promises holds the host up for ever.
 * What a late call comes to after all is not looked at. A call that never gives the thread back cannot be bounded here.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_LATE`, or what the call itself throws.
 */
export async function inTime<T>(call: () => T | Promise<T>, about: ControlCall): Promise<T> {
  const { plugin, hook, where, limitMs } = about;
  const answer = call();
  if (typeof (answer as { then?: unknown } | undefined)?.then !== 'function') return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const what = `${plugin}.${hook}() has not been answered for ${limitMs} ms`;
    const mend = 'let the call settle, or raise budget.controlMs';
    timer = setTimeout(() => reject(new FairleadError('FAIRLEAD_ERR_PLUGIN_LATE', what, { where, mend })), limitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
