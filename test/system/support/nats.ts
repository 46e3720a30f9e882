import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Why there is no NATS server to test with; undefined when there is one. */
export function withoutNats(): string | undefined {
  const { error } = spawnSync('nats-server', ['--version']);
  return error === undefined ? undefined : `nats-server cannot be run: ${error.message}`;
}

/** A NATS server of a test, and a cable to it that can be cut. */
export class TestNats {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'fairlead-nats-'));
  readonly #sockets = new Set<Socket>();
  #server: ChildProcess | undefined;
  #cable: Server | undefined;
  #cut = false;
  #serverPort = 0;
  /** Where hosts reach it. */
  port = 0;

  static async start(): Promise<TestNats> {
    const nats = new TestNats();
    nats.#serverPort = await freePort();
    await nats.run();
    nats.#cable = createServer((socket) => nats.#carry(socket));
    nats.#cable.listen(0, '127.0.0.1');
    await once(nats.#cable, 'listening');
    nats.port = (nats.#cable.address() as { port: number }).port;
    return nats;
  }

  /** Starts the server, or starts it again. */
  async run(): Promise<void> {
    const args = ['-js', '-a', '127.0.0.1', '-p', String(this.#serverPort), '-sd', this.#folder];
    const server = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#server = server;
    let said = '';
    for await (const chunk of server.stderr) {
      said += String(chunk);
      if (said.includes('Server is ready')) break;
    }
    if (!said.includes('Server is ready')) throw new Error(`nats-server did not start: ${said}`);
  }

  /** Ends the server; its files stay, and what it had in memory is gone. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  /** Cuts the cable, or mends it. */
  reach(reachable: boolean): void {
    this.#cut = !reachable;
    if (this.#cut) for (const socket of this.#sockets) socket.destroy();
  }

  #carry(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    const far = connect(this.#serverPort, '127.0.0.1');
    for (const end of [socket, far]) {
      this.#sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        this.#sockets.delete(end);
        socket.destroy();
        far.destroy();
      });
    }
    socket.pipe(far).pipe(socket);
  }

  async close(): Promise<void> {
    this.reach(false);
    this.#cable?.close();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
