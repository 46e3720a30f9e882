/**
 * Every code of an error that Fairlead raises, with what it means and how to mend it. A code is never used again for
 * something else. `docs/errors.md` and the type below are held to this table by a test.
 */
export const ERROR_CODES = {
  FAIRLEAD_ERR_CONFIG_READ: 'The configuration file cannot be read. Check the path and its permissions.',
  FAIRLEAD_ERR_OUTPUT: 'A result cannot be written where it was asked for. Name a file that may be written.',
  FAIRLEAD_ERR_CONFIG_SYNTAX: 'The configuration file is not valid YAML. Mend the line that is named.',
  FAIRLEAD_ERR_CONFIG_INVALID: 'The configuration has a value of the wrong shape. Mend the path that is named.',
  FAIRLEAD_ERR_CONFIG_NAME: 'Two things have one name, or a name refers to nothing. Rename, or declare it.',
  FAIRLEAD_ERR_UNIT: 'A rate, size or duration cannot be read. Write a number with a unit, as 200Mbps, 64KiB or 20ms.',
  FAIRLEAD_ERR_MAC: 'A MAC address cannot be read. Write six hexadecimal bytes, the first one even.',
  FAIRLEAD_ERR_PLUGIN_NOT_FOUND: 'No plugin has this name. Install the package, or correct the name.',
  FAIRLEAD_ERR_PLUGIN_INVALID: 'The module does not export a plugin definition. Export definePlugin(...) as default.',
  FAIRLEAD_ERR_PLUGIN_KIND: 'The plugin is of another kind than its place wants. Use it under its own kind.',
  FAIRLEAD_ERR_PLUGIN_API_VERSION: 'The plugin was built for another version of its extension point. Update it.',
  FAIRLEAD_ERR_PLUGIN_SCHEMA: "The plugin's options schema does not compile. Mend the schema in the plugin.",
  FAIRLEAD_ERR_PLUGIN_OPTIONS: "The options do not fit the plugin's schema. Mend the path that is named.",
  FAIRLEAD_ERR_PLUGIN_TOKEN: 'The plugin asks for a token that the host does not provide to its kind.',
  FAIRLEAD_ERR_PLUGIN_CONSTRUCT: "The plugin's constructor threw. The cause is attached.",
  FAIRLEAD_ERR_PLUGIN_CIRCULAR: 'The plugin asks for itself, or for something that asks for it. Break the circle.',
  FAIRLEAD_ERR_PLUGIN_HOOK: 'The plugin lacks a hook of its extension point.',
  FAIRLEAD_ERR_PLUGIN_ASYNC: 'A hook of the data path is async, or returned a promise. Make it a plain function.',
  FAIRLEAD_ERR_PLUGIN_THREW: 'A plugin threw while running and was put aside. The cause is attached.',
  FAIRLEAD_ERR_PLUGIN_ANSWER: 'A plugin gave an answer that its extension point does not allow and was put aside.',
  FAIRLEAD_ERR_PLUGIN_RANGE: 'A plugin wrote a number out of its range, or where it may not, and was put aside.',
  FAIRLEAD_ERR_PLUGIN_STALLED: 'A plugin did not return and was put aside with the worker that it held.',
  FAIRLEAD_ERR_PLUGIN_BUDGET: 'A plugin used more time or memory than its budget allows and was put aside.',
  FAIRLEAD_ERR_PLUGIN_LATE: 'A control call of a plugin was not answered in time. It counts as failed.',
  FAIRLEAD_ERR_PLUGIN_FAULT: 'A plugin failed while running and was put aside; its fallback serves.',
  FAIRLEAD_ERR_PLUGIN_MANIFEST: "The plugin's package.json says too little, or another thing than its module. Mend it.",
  FAIRLEAD_ERR_PLUGIN_COPIES: 'There are several copies of a package of which one process must have one. Install one.',
  FAIRLEAD_ERR_PLUGIN_PEER: 'The plugin wants another sdk or Node.js than it gets. Make the versions meet.',
  FAIRLEAD_ERR_PLUGIN_OPTION_UNUSED: 'An option is written that the plugin does not read. Remove or complete it.',
  FAIRLEAD_ERR_SCAFFOLD_REQUEST: 'No plugin package can be made of what was asked. Mend the flag that is named.',
  FAIRLEAD_ERR_SCAFFOLD_FOLDER: 'The folder is not one that a plugin package can be written to. Name another.',
  FAIRLEAD_ERR_DRIVER_OPEN: 'A NIC driver could not open its NIC. The cause says why.',
  FAIRLEAD_ERR_DEVICE_OPEN: 'A device emulator could not open its device. The cause says why.',
  FAIRLEAD_ERR_CAPTURE_FORMAT: 'The file is not a pcap or pcapng capture of Ethernet frames, or it is cut off.',
  FAIRLEAD_ERR_MEMORY_LAYOUT:
    'The host does not fit its shared memory. Lower the pool, the rings or the number of VMs.',
  FAIRLEAD_ERR_UNKNOWN_NIC: 'No NIC of this host has this name.',
  FAIRLEAD_ERR_UNKNOWN_TEAM: 'No team of this host has this name.',
  FAIRLEAD_ERR_UNKNOWN_VM: 'No VM of this host has this name.',
  FAIRLEAD_ERR_UNKNOWN_ACTION: 'No action of a responder stands under this number.',
  FAIRLEAD_ERR_RESPONDER: 'A responder asked for something that its signal does not allow. It was refused.',
  FAIRLEAD_ERR_VM_STATE: 'The VM is in a state in which this cannot be done.',
  FAIRLEAD_ERR_HYPERVISOR: 'The hypervisor did not do what it was asked. The cause says why.',
  FAIRLEAD_ERR_MIGRATION: 'The VM was not migrated, and is where it was. The message says why.',
  FAIRLEAD_ERR_VM_ELSEWHERE: 'Another host has the VM, so it is not started here. Stop it there, or migrate it.',
  FAIRLEAD_ERR_REGISTRY: 'The registry of hosts did not do what it was asked. The host goes on with its own VMs.',
  FAIRLEAD_ERR_HOST_STATE: 'The host is in a state in which this cannot be done, as stepping one that was closed.',
  FAIRLEAD_ERR_SWAP: 'A policy could not be exchanged; the one that served goes on. The message says why.',
  FAIRLEAD_ERR_HOST_STOPPED: 'The host stopped itself: a plugin failed without which it is not to run.',
  FAIRLEAD_ERR_CONTROL_SOCKET: 'The control socket of a host cannot be opened. Name another path with --control.',
  FAIRLEAD_ERR_CONTROL_REACH: 'No running host answers at the control socket. Start one, or correct the path.',
  FAIRLEAD_ERR_CONTROL_REQUEST: 'A request to a running host cannot be read or does not fit its command.',
  FAIRLEAD_ERR_REPORT_FORMAT:
    'The file cannot be read or is no report of shadow policies. Name one that run has written.',
  FAIRLEAD_ERR_WORKER_LOST: 'A forwarding worker stalled or died and was replaced; its frames are accounted for.',
  FAIRLEAD_ERR_TEST_CASE:
    'A table of cases for a policy says something twice, or nothing. Mend the case that is named.',
  FAIRLEAD_ERR_CONSERVATION: 'Frames are not accounted for. This is a fault of the host: please report it.',
} as const;

/** The code of an error; docs/errors.md says of each what it means and how to mend it. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * What an error says beside its code and what is wrong.
 *
 * @example
 * ```ts
 * import { type ErrorDetail, FairleadError } from '@fairlead/sdk';
 *
 * const detail: ErrorDetail = { where: 'distribution.options.weights', mend: 'give a weight for each NIC' };
 * throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', '2 weights for 3 NICs', detail);
 * ```
 */
export interface ErrorDetail {
  /** Where: a configuration path, `file:line`, or a plugin and its hook. */
  readonly where?: string;
  /** What a person can do about it. */
  readonly mend?: string;
  /** The error behind this one, as the operating system or a plugin raised it. */
  readonly cause?: unknown;
}

const BRAND = Symbol.for('fairlead.error');

/**
 * An error with a code, a place and a mend. Its message reads `what (where): mend`.
 *
 * @example
 * ```ts
 * import { FairleadError } from '@fairlead/sdk';
 *
 * // A plugin's constructor that says what is wrong, so that the person who wrote the options can mend it.
 * function checkWeights(weights: readonly number[], nics: number): void {
 *   if (weights.length === nics) return;
 *   throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', `${weights.length} weights for ${nics} NICs`, {
 *     where: 'distribution.options.weights',
 *     mend: 'give a weight for each NIC',
 *   });
 * }
 * ```
 */
export class FairleadError extends Error {
  override readonly name = 'FairleadError';
  /** What kind of error; it stays the same when the words change. */
  readonly code: ErrorCode;
  /** What is wrong, without the place and the mend. */
  readonly what: string;
  /** Where: a configuration path, `file:line`, or a plugin and its hook. */
  readonly where: string | undefined;
  /** What a person can do about it. */
  readonly mend: string | undefined;
  readonly [BRAND] = true;

  constructor(code: ErrorCode, what: string, detail: ErrorDetail = {}) {
    const place = detail.where === undefined ? '' : ` (at ${detail.where})`;
    const mend = detail.mend === undefined ? '' : `; ${detail.mend}`;
    super(`${what}${place}${mend} [${code}]`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.what = what;
    this.where = detail.where;
    this.mend = detail.mend;
  }
}

/**
 * True also for an error of another copy of the sdk, for which `instanceof` is not.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import afPacket from '@fairlead/nic-driver-af-packet';
 * import { isFairleadError } from '@fairlead/sdk';
 *
 * try {
 *   await createHost().nic('uplink0', use(afPacket, { interface: 'eth1' })).start();
 * } catch (error) {
 *   if (isFairleadError(error) && error.code === 'FAIRLEAD_ERR_DRIVER_OPEN') console.error(error.where, error.mend);
 *   else throw error;
 * }
 * ```
 */
export function isFairleadError(value: unknown): value is FairleadError {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: boolean })[BRAND] === true;
}
