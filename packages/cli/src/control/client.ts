import { connect } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { FairleadError } from '@fairlead/sdk';
import { LineReader } from './line-reader.ts';
import { controlFolder, liveControlPaths } from './place.ts';
import { CONTROL_VERSION, type ControlAnswer } from './protocol.ts';

/** An answer may be long, as a report of many VMs is; not endless. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** Longer than any command takes. */
const PATIENCE_MS = 60_000;

/**
 * Asks the one host that is running, or the one that listens at `path`.
 * @throws FairleadError `FAIRLEAD_ERR_CONTROL_REACH` when no host answers or it is not clear which is meant; else the
 * error with which the host answered.
 */
export async function ask<T>(path: string | undefined, command: string, args: object = {}): Promise<T> {
  const place = path === undefined ? await onlyHost() : resolvePath(path);
  const answer = await exchange(place, JSON.stringify({ version: CONTROL_VERSION, command, args }));
  if (answer.ok) return answer.result as T;
  const { code, what, where, mend } = answer.error;
  const detail = { ...(where === undefined ? {} : { where }), ...(mend === undefined ? {} : { mend }) };
  throw new FairleadError(code, what, detail);
}

async function onlyHost(): Promise<string> {
  const [only, ...more] = await liveControlPaths();
  if (only === undefined)
    throw unreachable(
      'no host is running',
      controlFolder(),
      'start one with fairlead run, or name its socket with --control',
    );
  if (more.length > 0)
    throw unreachable(
      `${more.length + 1} hosts are running`,
      [only, ...more].join(', '),
      'name one of them with --control',
    );
  return only;
}

function exchange(path: string, request: string): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (what: string, mend: string): void => {
      socket.destroy();
      reject(unreachable(what, path, mend));
    };
    const reader = new LineReader(
      MAX_ANSWER_BYTES,
      (line) => {
        socket.end();
        try {
          resolve(JSON.parse(line) as ControlAnswer);
        } catch {
          fail('what listens there is no host', 'check the path');
        }
      },
      () => fail('the answer is too long', 'check the path'),
    );
    socket.setTimeout(PATIENCE_MS, () => fail(`the host did not answer within ${PATIENCE_MS / 1000} s`, 'look at it'));
    socket.once('connect', () => socket.write(`${request}\n`));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.once('error', (error) => fail(`no host answers (${error.message})`, 'check that it runs, and the path'));
    socket.once('close', () => fail('the host closed the connection', 'it may be ending; try again'));
  });
}

function unreachable(what: string, where: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_CONTROL_REACH', what, { where, mend });
}
