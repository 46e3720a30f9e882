import { complaintFrom } from '@fairlead/core';
import { ERROR_CODES, type ErrorCode, isFairleadError } from '@fairlead/sdk';
import type { Fault } from './config/fault.ts';

/** Reads a thrown error as a fault. Throws on what has no code: that is a fault of the program. */
export function faultFrom(error: unknown): Fault {
  if (isFairleadError(error)) return complaintFrom(error, '');
  const fault = error instanceof Error ? faultFromMessage(error.message) : undefined;
  if (fault === undefined) throw error;
  return fault;
}

/** An error that came from another thread is a plain one with the message of the first: `what (at where); mend [code]`. */
function faultFromMessage(message: string): Fault | undefined {
  const parts = /^(.*?)(?: \(at (.*?)\))?(?:; (.*))? \[([A-Z_]+)\]$/s.exec(message);
  const [, what = '', path = '', mend = '', code = ''] = parts ?? [];
  return Object.hasOwn(ERROR_CODES, code) ? { code: code as ErrorCode, what, path, mend } : undefined;
}
