import type { ErrorCode } from '@fairlead/sdk';

/** One thing that a doctor has found. */
export interface Finding {
  readonly code: ErrorCode;
  /** An error keeps a plugin from working as it should; a warning is worth a look. */
  readonly severity: 'error' | 'warning';
  readonly what: string;
  /** Package, folder, or path in a host file. */
  readonly where: string;
  readonly mend: string;
}
