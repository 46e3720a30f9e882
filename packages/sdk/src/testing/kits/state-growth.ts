import type { Detector } from '../../points/detector.ts';
import { type Candidate, candidateLaw, type Make } from './candidate.ts';
import { drawOne } from './draw.ts';
import type { Law } from './law.ts';
import { emptyBatch, fillObserved } from './observe-course.ts';
import { kitParts } from './parts.ts';
import type { FrameSort } from './test-frame.ts';

/** A table of sources that has a bound is full by then. */
const SOURCES = 16_384;
const MANY_SOURCES = 4 * SOURCES;
const BURST = 256;

interface ManySources {
  readonly sort: FrameSort;
  readonly direction: 'inbound' | 'outbound';
}

/**
 * That an attacker who makes up addresses cannot fill the host's memory. Measured on what `exportState` returns; a
 * detector without it is not measured.
 */
export function stateGrowthLaw(candidate: Candidate<Detector>): Law {
  return candidateLaw<Detector, ManySources>(candidate, {
    name: 'keeps no more of four times as many sources',
    rounds: 2,
    draw: (random) => ({
      sort: drawOne(random, ['syn', 'udp', 'arp'] as const),
      direction: drawOne(random, ['inbound', 'outbound'] as const),
    }),
    fault: growth,
    simpler: () => [],
    tell: ({ sort, direction }) =>
      `  ${MANY_SOURCES} ${sort} frames of 60 bytes, ${direction}, of vm0, each from a new source`,
  });
}

function growth(make: Make<Detector>, { sort, direction }: ManySources): string | undefined {
  const parts = kitParts([1e9], [{}]);
  const detector = make(parts);
  if (detector.exportState === undefined) return undefined;
  const batch = emptyBatch();
  batch.direction = direction;
  let sizeBytes = 0;
  for (let source = 0; source < MANY_SOURCES; source += BURST) {
    if (source === SOURCES) sizeBytes = sizeOf(detector.exportState());
    const frames = Array.from({ length: BURST }, (_, i) => ({ sort, bytes: 60, source: source + i }));
    fillObserved(batch, frames, parts.clock.advance(1));
    detector.observe(batch);
  }
  const grownBytes = sizeOf(detector.exportState());
  if (grownBytes <= 1.25 * sizeBytes + 1024) return undefined;
  return `its state was ${sizeBytes} bytes after ${SOURCES} sources and ${grownBytes} after ${MANY_SOURCES}`;
}

/** About what a value takes, in bytes; every object once. */
function sizeOf(value: unknown, seen = new Set<object>()): number {
  if (typeof value === 'string') return 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (value instanceof ArrayBuffer) return value.byteLength;
  const inner: Iterable<unknown> =
    value instanceof Map ? [...value].flat() : value instanceof Set ? value : Object.entries(value).flat();
  let bytes = 16;
  for (const one of inner) bytes += sizeOf(one, seen);
  return bytes;
}
