import type { Explanation } from '@fairlead/sdk';

/** Bytes in a bucket, and as many as it holds at most. */
interface Bucket {
  readonly tokens: number;
  readonly depth: number;
}

/** How a frame stood when it was decided upon. */
export interface Standing {
  /** True behind the first frame that waits. */
  readonly behind: boolean;
  readonly bytes: number;
  readonly limit: Bucket;
  readonly reserve: Bucket;
  /** Whether the VM had no more than its part of what is reserved, and of the rest. */
  readonly reservedTurn: boolean;
  readonly sharesTurn: boolean;
  readonly outranked: boolean;
  readonly reservedRoomBytes: number;
  readonly sharesRoomBytes: number;
  readonly anyRoomBytes: number;
}

/** Why a frame may go, or waits. */
export function explainVerdict(standing: Standing): Explanation {
  if (standing.behind) return { why: 'it is behind one that waits' };
  const { limit, reserve, outranked, reservedRoomBytes, sharesRoomBytes, anyRoomBytes } = standing;
  const limited = limit.tokens !== Number.POSITIVE_INFINITY;
  const reserved = reserve.depth > 0;
  const state = {
    ...(limited ? { limitTokens: Math.floor(limit.tokens) } : {}),
    ...(reserved ? { reservationTokens: Math.floor(reserve.tokens), reservedRoomBytes } : {}),
    sharesRoomBytes,
    anyRoomBytes,
    outranked,
  };
  return { why: reasonFor(standing), state };
}

/** In the order in which `admit` asks. */
function reasonFor(standing: Standing): string {
  const { bytes, limit, reserve, reservedTurn, sharesTurn, outranked } = standing;
  if (!conforms(limit, bytes)) return `the limit of the VM has no ${bytes} bytes left for it`;
  if (conforms(reserve, bytes) && standing.reservedRoomBytes > 0 && reservedTurn)
    return 'it is within the reservation of the VM';
  if (standing.anyRoomBytes > 0)
    return 'the NICs hold less than they send until the next sweep: who comes first may go';
  if (outranked) return 'VMs of higher priority have something waiting';
  if (standing.sharesRoomBytes <= 0) return 'the NICs hold as much as they are to hold';
  return sharesTurn ? 'the VM has had no more than its share' : 'the VM has had more than its share of late';
}

function conforms({ tokens, depth }: Bucket, bytes: number): boolean {
  return tokens >= bytes || tokens >= depth;
}
