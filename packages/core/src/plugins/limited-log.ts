import type { Clock, Log, MoveLog, PolicyMove } from '@fairlead/sdk';
import { rateLimit } from './rate-limit.ts';

/** Entries that a plugin may log in a second; the rest are counted. What a guest does can make a plugin log. */
const ENTRIES_PER_SECOND = 20;
/** Moves that it may tell of. */
const MOVES_PER_SECOND = 64;

type Fields = Readonly<Record<string, unknown>>;
type Write = (level: 'info' | 'warn', message: string, fields?: Fields) => void;

/** A log that no guest can flood: beyond its rate entries are left out, and the next one says how many. */
export function limitedLog(write: Write, clock: Clock): Log {
  const limit = rateLimit(ENTRIES_PER_SECOND, clock);
  const entry = (level: 'info' | 'warn', message: string, fields?: Fields): void => {
    const leftOut = limit();
    if (leftOut >= 0) write(level, message, leftOut === 0 ? fields : { ...fields, leftOut });
  };
  return {
    info: (message, fields) => entry('info', message, fields),
    warn: (message, fields) => entry('warn', message, fields),
  };
}

/** The same for what load distribution has moved. */
export function limitedMoves(write: (move: PolicyMove, leftOut: number) => void, clock: Clock): MoveLog {
  const limit = rateLimit(MOVES_PER_SECOND, clock);
  return {
    moved(move) {
      const leftOut = limit();
      if (leftOut >= 0) write(move, leftOut);
    },
  };
}
