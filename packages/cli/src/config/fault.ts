import type { ErrorCode } from '@fairlead/sdk';

/** One thing that is wrong, with all that a person or a program needs to find and mend it. */
export interface Fault {
  readonly code: ErrorCode;
  readonly what: string;
  readonly mend: string;
  /** File as it was named on the command line; absent for a fault of the machine rather than of a file. */
  readonly file?: string;
  /** From 1. Absent when the whole file is meant. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** Path in the configuration, as `nics[0].driver.options.speedBps`; elsewhere the place that the error names. */
  readonly path: string;
  /** Kind and name of the plugin concerned, as `nic-driver memory`. */
  readonly plugin?: string;
}

/**
 * Writes a fault for people:
 *
 * ```
 * error: there is no "spedBps" here
 *   at host.yaml:4:18 nics[0].driver.options.spedBps
 *   plugin: nic-driver memory
 *   mend: did you mean "speedBps"?
 *   [FAIRLEAD_ERR_PLUGIN_OPTIONS]
 * ```
 */
export function faultLines(fault: Fault): string[] {
  const { file, line, column, path, plugin, what, mend, code } = fault;
  const spot = file === undefined || line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const place = [spot, path].filter((part) => part !== undefined && part !== '').join(' ');
  return [
    `error: ${what}`,
    ...(place === '' ? [] : [`  at ${place}`]),
    ...(plugin === undefined ? [] : [`  plugin: ${plugin}`]),
    ...(mend === '' ? [] : [`  mend: ${mend}`]),
    `  [${code}]`,
  ];
}
