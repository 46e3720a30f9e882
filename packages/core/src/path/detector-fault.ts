import { briefOf, type FaultInput, faultError, PluginFailure, type PluginFault } from './plugin-failure.ts';

/** @throws PluginFailure when a judgement took longer than it may */
export function holdTime(tookMs: number, allowedMs: number): void {
  if (tookMs <= allowedMs) return;
  const what = `judge took ${tookMs.toFixed(1)} ms; its budget is ${allowedMs} ms`;
  throw new PluginFailure('FAIRLEAD_ERR_PLUGIN_BUDGET', what, {
    used: tookMs * 1000,
    allowed: allowedMs * 1000,
    unit: 'us',
  });
}

/** What is told of a detector that has failed. */
export function detectorFault(
  plugin: string,
  hook: string,
  vm: number,
  cause: unknown,
  input?: FaultInput,
): PluginFault {
  const error = faultError(plugin, hook, 'until then it watches nothing, and the traffic goes on', cause);
  const cost = cause instanceof PluginFailure ? cause.cost : undefined;
  const brief = briefOf(hook, cause);
  return { plugin, hook, vm, fallback: 'nobody', fail: 'open', error, brief, input, cost };
}
