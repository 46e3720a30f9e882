import { createServer, type Server, type Socket } from 'node:net';
import type { Controlled } from './command.ts';
import { LineReader } from './line-reader.ts';
import { listenAt } from './place.ts';
import { answerOf, type ControlAnswer, MAX_REQUEST_BYTES, readRequest, refusalOf, refused } from './protocol.ts';
import { obey } from './table.ts';

/** Clients at one time. A client more is turned away at once. */
const MAX_CLIENTS = 16;
/** Requests of one client that wait for their turn. */
const MAX_WAITING = 16;
/** A client that neither asks nor reads for so long is put out. */
const IDLE_MS = 60_000;
/** A client that leaves so much unread is put out. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/** Where a running host listens for commands. */
export interface ControlSocket {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Opens the control socket of a host. A client sends lines of JSON and is answered a line for each, in order; nothing
 * that it sends or leaves undone reaches the host but through a command.
 * @throws FairleadError `FAIRLEAD_ERR_CONTROL_SOCKET`
 */
export async function openControl(path: string, controlled: Controlled): Promise<ControlSocket> {
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    if (clients.size >= MAX_CLIENTS) {
      socket.on('error', () => undefined);
      socket.end(lineOf(refusalOf(refused('too many clients at once', 'try again'))));
      return;
    }
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    attend(socket, controlled);
  });
  await listenAt(server, path);
  server.unref();
  return { path, close: () => closeAll(server, clients) };
}

function attend(socket: Socket, controlled: Controlled): void {
  let turn: Promise<void> = Promise.resolve();
  let waiting = 0;
  const answer = (given: ControlAnswer): void => {
    if (socket.destroyed) return;
    socket.write(lineOf(given));
    if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
  };
  const inTurn = async (before: Promise<void>, line: string): Promise<void> => {
    await before;
    answer(await answerTo(line, controlled));
    waiting--;
  };
  const asked = (line: string): void => {
    if (line.trim() === '') return;
    if (++waiting > MAX_WAITING) {
      socket.destroy();
      return;
    }
    turn = inTurn(turn, line);
  };
  const tooLong = (): void =>
    answer(refusalOf(refused(`the request is longer than ${MAX_REQUEST_BYTES} bytes`, 'send less in one request')));
  const reader = new LineReader(MAX_REQUEST_BYTES, asked, tooLong);
  // A client that breaks off is no fault of the host's.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  socket.setTimeout(IDLE_MS, () => socket.destroy());
}

async function answerTo(line: string, controlled: Controlled): Promise<ControlAnswer> {
  try {
    return answerOf(await obey(controlled, readRequest(line)));
  } catch (error) {
    return refusalOf(error);
  }
}

function lineOf(answer: ControlAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** Node removes the socket's file when the server closes. */
async function closeAll(server: Server, clients: ReadonlySet<Socket>): Promise<void> {
  for (const client of clients) client.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
