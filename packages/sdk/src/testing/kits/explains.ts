import type { TransmitBatch } from '../../batch.ts';
import type { NicTable } from '../../nic-table.ts';
import type { Explanation } from '../../points/explanation.ts';
import { watchBatch } from './batch-watch.ts';
import type { KitParts } from './parts.ts';
import { tablesWritten } from './parts.ts';

export const EXPLAINS = 'explains what it has decided, and nothing comes of it';

/** A policy of the data path that may explain itself. */
interface Explaining {
  explain?(batch: TransmitBatch, i: number): Explanation;
}

/** Has every frame of a batch explained, as a trace does; what is wrong with what is said, or with its having been said. */
export function faultOfExplaining(policy: Explaining, batch: TransmitBatch, parts: KitParts): string | undefined {
  if (policy.explain === undefined) return undefined;
  const ofBatch = watchBatch(batch, []);
  const ofTables = tablesWritten(parts);
  for (let i = 0; i < batch.count; i++) {
    const what = faultOf(policy.explain(batch, i), batch.nic[i], parts.nics);
    if (what !== undefined) return `its explanation of frame ${i} ${what}`;
  }
  const part = ofBatch();
  return part === undefined ? ofTables() : `its explain wrote ${part}`;
}

function faultOf(said: Explanation | undefined, chosen: number, nics: NicTable): string | undefined {
  const { why, state = {}, rejected = new Map<number, string>() } = said ?? {};
  if (typeof why !== 'string' || why === '' || why.includes('\n')) return 'does not say why in one line';
  for (const [name, value] of Object.entries(state))
    if (!['string', 'number', 'boolean'].includes(typeof value)) return `gives ${name} as ${typeof value}`;
  for (const nic of rejected.keys()) {
    if (nic === chosen) return `rejects NIC ${nic}, which it chose`;
    if (!nics.available.subarray(0, nics.availableCount).includes(nic))
      return `rejects NIC ${nic}, which is not available`;
  }
  return undefined;
}
