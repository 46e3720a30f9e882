import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { undoAtExit } from './cleanup.ts';

export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/** Makes an empty directory that is gone when it is removed, or when this process ends. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'fairlead-'));
  const removeAll = (): void => rmSync(path, { recursive: true, force: true });
  const forget = undoAtExit(removeAll);
  return {
    path,
    remove: () => {
      removeAll();
      forget();
    },
  };
}
