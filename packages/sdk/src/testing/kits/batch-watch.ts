import type { TransmitBatch } from '../../batch.ts';

const FIELDS = ['vm', 'count', 'nowUs', 'backlog', 'queuedFrom', 'retryAtUs', 'drops'] as const;
const COLUMNS = ['bytes', 'flow', 'offset', 'memory', 'nic', 'verdict', 'reason'] as const;

export type BatchPart = (typeof FIELDS)[number] | (typeof COLUMNS)[number];

/** Remembers a batch but for some of its parts; the function it returns names a part that was written since. */
export function watchBatch(batch: TransmitBatch, except: readonly BatchPart[]): () => string | undefined {
  const fields = FIELDS.filter((field) => !except.includes(field)).map((field) => [field, batch[field]] as const);
  const columns = COLUMNS.filter((column) => !except.includes(column)).map(
    (column) => [column, batch[column], batch[column].slice()] as const,
  );
  return () => {
    for (const [field, before] of fields) if (batch[field] !== before) return `batch.${field}`;
    for (const [name, column, before] of columns) {
      const i = column.findIndex((value, k) => value !== before[k]);
      if (i >= 0) return `batch.${name}[${i}]`;
    }
    return undefined;
  };
}

/** Fills a batch with frames as the host does, everything else of it with what no plugin may rely on. */
export function fillBatch(
  batch: TransmitBatch,
  vm: number,
  bytes: readonly number[],
  nowUs: number,
  backlog: number,
): void {
  batch.begin(vm, bytes.length, nowUs, backlog);
  batch.bytes.fill(0x7ffffff);
  batch.bytes.set(bytes);
  batch.nic.fill(-1);
  batch.reason.fill(0);
  batch.offset.fill(0x7ffffff);
  for (let i = 0; i < bytes.length; i++) {
    batch.flow[i] = Math.imul(i + 1, 0x9e3779b1);
  }
}

/** Overwrites a batch with what cannot be a batch, so that a plugin that kept it reads nonsense. */
export function poisonBatch(batch: TransmitBatch): void {
  batch.vm = -1;
  batch.count = -1;
  batch.nowUs = Number.NaN;
  batch.backlog = -1;
  batch.queuedFrom = -1;
  batch.retryAtUs = Number.NaN;
  // A number, so that the host's begin() clears the verdicts.
  batch.drops = -1;
  for (const column of [batch.bytes, batch.flow, batch.offset, batch.nic]) column.fill(-0x5a5a5a5b);
  batch.memory.fill(0x5a);
  batch.verdict.fill(0x5a);
  batch.reason.fill(0x5a);
}
