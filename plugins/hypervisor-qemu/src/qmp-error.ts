/**
 * Why a command came to nothing:
 * - `absent`: nobody listens on the socket: there is no QEMU;
 * - `ended`: QEMU closed the connection;
 * - `late`: it did not answer in time;
 * - `broken`: it answered what QMP does not allow;
 * - `refused`: it answered that it does not do it.
 */
export type QmpFailure = 'absent' | 'ended' | 'late' | 'broken' | 'refused';

export class QmpError extends Error {
  readonly failure: QmpFailure;

  constructor(failure: QmpFailure, what: string) {
    super(what);
    this.failure = failure;
  }
}

/** True for a `QmpError`, of one of these failures if some are named. */
export function isQmpError(error: unknown, ...failures: readonly QmpFailure[]): error is QmpError {
  return error instanceof QmpError && (failures.length === 0 || failures.includes(error.failure));
}
