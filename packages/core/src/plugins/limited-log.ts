import type { Clock, Log } from '@fairlead/sdk';

/** Entries that a plugin may log in a second; the rest are counted. What a guest does can make a plugin log. */
const ENTRIES_PER_SECOND = 20;

type Fields = Readonly<Record<string, unknown>>;
type Write = (level: 'info' | 'warn', message: string, fields?: Fields) => void;

/** A log that no guest can flood: beyond its rate entries are left out, and the next one says how many. */
export function limitedLog(write: Write, clock: Clock): Log {
  let second = 0;
  let written = 0;
  let leftOut = 0;
  const entry = (level: 'info' | 'warn', message: string, fields?: Fields): void => {
    const now = Math.floor(clock.nowUs() / 1e6);
    if (now !== second) {
      second = now;
      written = 0;
    }
    if (++written > ENTRIES_PER_SECOND) {
      leftOut++;
      return;
    }
    write(level, message, leftOut === 0 ? fields : { ...fields, leftOut });
    leftOut = 0;
  };
  return {
    info: (message, fields) => entry('info', message, fields),
    warn: (message, fields) => entry('warn', message, fields),
  };
}
