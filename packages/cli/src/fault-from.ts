import { complaintFrom } from '@fairlead/core';
import { isFairleadError } from '@fairlead/sdk';
import type { Fault } from './config/fault.ts';

/** Reads a thrown error as a fault. Throws on what has no code: that is a fault of the program. */
export function faultFrom(error: unknown): Fault {
  if (isFairleadError(error)) return complaintFrom(error, '');
  throw error;
}
