import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

type Args = Readonly<Record<string, unknown>>;
/** Answers a command in its own way; undefined: as a QEMU would after all. */
type Deviation = (socket: Socket, id: unknown, args: Args) => boolean;

const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: ['oob'] } };
/** Nobody takes a VM there. */
export const NOBODY = 'unix:/nobody';

/**
 * What QEMU 7.2 answers on its monitor, with no VM behind it: the run states, and what a migration does to them. As
 * under a service manager, it is there again as soon as it has quit.
 */
export class FakeQemu {
  readonly path: string;
  state = 'prelaunch';
  migration: Args = {};
  /** Commands, in order, without the questions. */
  readonly told: string[] = [];
  readonly deviations = new Map<string, Deviation>();
  greeting: string = JSON.stringify(GREETING);
  /** How it begins, and begins again. */
  readonly initial: string;
  capabilities: Record<string, boolean> = {};
  connections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #runs = false;

  constructor(path: string, initial = 'prelaunch') {
    this.path = path;
    this.initial = initial;
    this.state = initial;
  }

  async open(): Promise<this> {
    this.#server = createServer((socket) => this.#accept(socket)).listen(this.path);
    await once(this.#server, 'listening');
    return this;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get isConnected(): boolean {
    return this.#sockets.size > 0;
  }

  /** Sends something that nobody asked for. */
  send(text: string): void {
    for (const socket of this.#sockets) socket.write(text);
  }

  tell(event: string): void {
    this.send(`${JSON.stringify({ event, timestamp: { seconds: 1, microseconds: 2 }, data: {} })}\r\n`);
  }

  /** Goes on with a migration, as QEMU's own thread does. */
  migrates(status: string, state = this.state, more: Args = {}): void {
    this.migration = { ...this.migration, ...more, status };
    this.state = state;
    this.tell('MIGRATION');
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.write(`${this.greeting}\r\n`);
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined); // those of the socket, once more
    lines.on('line', (line) => {
      const { execute, id, arguments: args = {} } = JSON.parse(line);
      if (!execute.startsWith('query-') && execute !== 'qmp_capabilities') this.told.push(execute);
      if (this.deviations.get(execute)?.(socket, id, args) === true) return;
      const answer = this.#do(execute, args);
      const isRefusal = typeof answer === 'string';
      const said = isRefusal ? { error: { class: 'GenericError', desc: answer }, id } : { return: answer, id };
      socket.write(`${JSON.stringify(said)}\r\n`);
      if (execute === 'quit') this.#quit();
    });
  }

  #quit(): void {
    this.state = this.initial;
    this.migration = {};
    for (const socket of this.#sockets) socket.end();
  }

  /** A string is a refusal. */
  #do(command: string, args: Args): object | string {
    switch (command) {
      case 'query-status':
        return { status: this.state, running: this.state === 'running', singlestep: false };
      case 'query-migrate':
        return this.migration;
      case 'query-cpus-fast':
        return [{ 'cpu-index': 0 }, { 'cpu-index': 1 }];
      case 'stop':
        if (this.state !== 'inmigrate') this.state = 'paused';
        return {};
      case 'cont':
        if (this.state !== 'inmigrate') this.state = 'running';
        return {};
      case 'migrate-set-capabilities':
        for (const { capability, state } of args['capabilities'] as { capability: string; state: boolean }[]) {
          this.capabilities[capability] = state;
        }
        return {};
      case 'migrate':
        return this.#migrate(String(args['uri']));
      case 'migrate-continue':
        this.migrates('completed', 'postmigrate', { 'total-time': 60, downtime: 12 });
        return {};
      case 'migrate_cancel':
        // A VM that did not run is left as if it had gone.
        this.migrates('cancelled', this.#runs ? 'running' : 'postmigrate');
        return {};
      case 'migrate-incoming':
        this.migration = { 'socket-address': [{ type: 'inet', host: '10.0.0.5', port: '49152' }] };
        return {};
      default:
        return {};
    }
  }

  #migrate(uri: string): object | string {
    if (this.state === 'postmigrate') return "Can't migrate the vm that was paused due to previous migration";
    this.#runs = this.state === 'running';
    this.migration = { ram: { total: 1000, remaining: 0, transferred: 1000 } };
    if (uri === NOBODY) this.migrates('failed', this.state, { 'error-desc': "Failed to connect to '/nobody'" });
    else if (this.capabilities['pause-before-switchover']) this.migrates('pre-switchover', 'finish-migrate');
    else this.migrates('completed', 'postmigrate', { 'total-time': 60, downtime: 12 });
    return {};
  }
}

/** A folder with sockets in it, until it is closed. */
export class QemuFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'fairlead-qmp-'));
  readonly qemus: FakeQemu[] = [];

  async add(vm: string, initial?: string): Promise<FakeQemu> {
    const qemu = await new FakeQemu(join(this.path, `${vm}.qmp`), initial).open();
    this.qemus.push(qemu);
    return qemu;
  }

  get pattern(): string {
    return join(this.path, '{vm}.qmp');
  }

  async close(): Promise<void> {
    await Promise.all(this.qemus.map((qemu) => qemu.close()));
    rmSync(this.path, { recursive: true, force: true });
  }
}
