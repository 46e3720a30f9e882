import { type ErrorCode, FairleadError, isFairleadError } from '@fairlead/sdk';

/** Version of the requests and answers below. A host answers a request of another version with an error that says so. */
export const CONTROL_VERSION = 1;

/** A request is one line of JSON of at most this many bytes. */
export const MAX_REQUEST_BYTES = 64 * 1024;

/** What is asked of a running host, one line of JSON. */
export interface ControlRequest {
  readonly version: number;
  readonly command: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What a host answers, one line of JSON for each request, in order. */
export type ControlAnswer =
  | { readonly version: number; readonly ok: true; readonly result: unknown }
  | { readonly version: number; readonly ok: false; readonly error: ControlFault };

/** An error as it crosses the socket. */
interface ControlFault {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where?: string;
  readonly mend?: string;
}

/** @throws FairleadError `FAIRLEAD_ERR_CONTROL_REQUEST` */
export function readRequest(line: string): ControlRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw refused('the request is no JSON', 'write one JSON object a line', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('the request is no JSON object', 'write one as {"version":1,"command":"status"}');
  const { version, command, args, ...more } = value as Record<string, unknown>;
  if (version !== CONTROL_VERSION) {
    const mend = 'use the fairlead command that came with the host';
    throw refused(`the request is of version ${JSON.stringify(version)}, this host has ${CONTROL_VERSION}`, mend);
  }
  const [unknown] = Object.keys(more);
  if (unknown !== undefined)
    throw refused(`the request has a key that means nothing: "${unknown.slice(0, 80)}"`, 'leave it out');
  if (typeof command !== 'string') throw refused('the request names no command', 'add "command"');
  if (args !== undefined && (typeof args !== 'object' || args === null || Array.isArray(args)))
    throw refused('the arguments of the request are no object', 'write "args" as an object, or leave it out');
  return { version, command, ...(args === undefined ? {} : { args: args as Record<string, unknown> }) };
}

export function refused(what: string, mend: string, cause?: unknown): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONTROL_REQUEST', what, { mend, ...(cause === undefined ? {} : { cause }) });
}

export function answerOf(result: unknown): ControlAnswer {
  return { version: CONTROL_VERSION, ok: true, result: result ?? null };
}

/** An error that nobody foresaw is answered too: a host does not die of a question. */
export function refusalOf(error: unknown): ControlAnswer {
  if (!isFairleadError(error)) {
    const what = `the host failed at this: ${error instanceof Error ? error.message : String(error)}`;
    const mend = 'this is a fault of fairlead: please report it';
    return { version: CONTROL_VERSION, ok: false, error: { code: 'FAIRLEAD_ERR_CONTROL_REQUEST', what, mend } };
  }
  const { code, what, where, mend } = error;
  const fault = { code, what, ...(where === undefined ? {} : { where }), ...(mend === undefined ? {} : { mend }) };
  return { version: CONTROL_VERSION, ok: false, error: fault };
}
