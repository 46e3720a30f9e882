import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Background } from './background.ts';
import { until, within } from './deadline.ts';
import { guestImage } from './guest-image.ts';
import { type GuestOutcome, GuestShell } from './guest-shell.ts';
import { netOnly } from './namespaces.ts';
import { Qmp } from './qmp.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface GuestOptions {
  readonly name: string;
  /** The MAC of its eth0. */
  readonly mac: string;
  /** The unix socket of its virtual NIC. Somebody must listen on it already: QEMU connects once, when it starts. */
  readonly nicPath: string;
  /** The address of its eth0, as `10.77.0.11/24`. */
  readonly address?: string;
  /** The network namespace that QEMU runs in, as that of its host. */
  readonly namespace?: string;
  readonly gateway?: string;
  /** Where QEMU is to listen for another QMP client, such as a hypervisor plugin. */
  readonly qmpPath?: string;
  readonly memoryMiB?: number;
  /** A file for its memory, shared with the QEMU that it migrates to or came from. */
  readonly memoryFile?: string;
  /** Whether it waits for a guest that migrates here, in place of booting. */
  readonly incoming?: boolean;
  /** How long the guest may be silent after QEMU's start; 2 minutes unless told, for machines that are busy. */
  readonly bootTimeoutMs?: number;
}

/** The first request to a guest that has come from another QEMU. */
const AFTER_MIGRATION = 1_000_000;

/**
 * An unmodified Linux guest in QEMU, emulated in software (TCG) so that it runs on any machine.
 *
 * @example
 * const guest = await Guest.start({ name: 'a', mac: '52:54:00:00:00:0a', nicPath, address: '10.77.0.11/24' });
 * const { status, output } = await guest.run('ping -c 1 10.77.0.1');
 * await guest.stop();
 */
export class Guest {
  readonly name: string;
  readonly #process: Background;
  readonly #shell: GuestShell;
  readonly #qmp: Qmp;
  readonly #release: () => void;

  private constructor(name: string, qemu: Background, shell: GuestShell, qmp: Qmp, release: () => void) {
    this.name = name;
    this.#process = qemu;
    this.#shell = shell;
    this.#qmp = qmp;
    this.#release = release;
  }

  /**
   * Starts a guest and waits until it takes commands, some 2 s on an idle machine.
   * @throws Error with what QEMU and the guest's kernel said, when it ends or is silent for `bootTimeoutMs`.
   */
  static async start(options: GuestOptions): Promise<Guest> {
    const directory = temporaryDirectory();
    const control = listen(join(directory.path, 'control'));
    const monitor = listen(join(directory.path, 'monitor'));
    const release = (): void => {
      control.server.close();
      monitor.server.close();
      directory.remove();
    };
    let qemu: Background | undefined;
    try {
      qemu = await Background.start([
        ...(options.namespace === undefined ? [] : netOnly(options.namespace)),
        ...qemuCommand(options, directory.path),
      ]);
      const connected = Promise.all([control.connection, monitor.connection]);
      const [controlSocket, monitorSocket] = await qemu.unlessEnded(within(connected, 10_000, 'connection from QEMU'));
      const shell = new GuestShell(controlSocket, options.incoming === true ? AFTER_MIGRATION : 0);
      const qmp = new Qmp(monitorSocket);
      await qemu.unlessEnded(qmp.negotiate());
      await qemu.unlessEnded(nicConnected(qmp, options.nicPath));
      const bootMs = options.bootTimeoutMs ?? 120_000;
      if (options.incoming !== true)
        await qemu.unlessEnded(within(shell.ready, bootMs, `word from guest ${options.name}`));
      return new Guest(options.name, qemu, shell, qmp, release);
    } catch (error) {
      await qemu?.stop();
      release();
      const why = `${(error as Error).message}\nits console: ${qemu?.output.trim() || '(silent)'}`;
      throw new Error(`guest ${options.name} did not start: ${why}`, { cause: error });
    }
  }

  /** QEMU's process. */
  get pid(): number {
    return this.#process.pid;
  }

  /** What the guest's kernel and QEMU have written to the console. */
  get console(): string {
    return this.#process.output;
  }

  /**
   * Runs one line of shell in the guest; several may run at once.
   * @throws Error when the guest ends or does not answer. A command that is too slow ends with status 143.
   */
  run(line: string, timeoutMs?: number): Promise<GuestOutcome> {
    return this.#process.unlessEnded(this.#shell.run(line, timeoutMs));
  }

  /** Executes a QMP command, such as `query-status`, and answers what it returned. */
  qmp(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#process.unlessEnded(this.#qmp.execute(command, args));
  }

  /** What its state is, as QMP says: `running`, `paused`, `inmigrate`, `postmigrate` and others. */
  async state(): Promise<string> {
    return ((await this.qmp('query-status')) as { status: string }).status;
  }

  /** How often it has been paused and has run on since it was started, as QMP has told: `STOP`, `RESUME`, `STOP`, … */
  get pauses(): readonly string[] {
    return this.#qmp.events.filter((event) => event === 'STOP' || event === 'RESUME');
  }

  /** Ends QEMU at once, as if its host had crashed. */
  async kill(): Promise<void> {
    await this.#process.kill();
    this.#release();
  }

  /** Ends QEMU, as if the machine's power was cut. */
  async stop(): Promise<void> {
    await this.#process.stop();
    this.#release();
  }
}

function qemuCommand(options: GuestOptions, directory: string): string[] {
  const image = guestImage();
  // On a busy machine the kernel's look whether the timer ticks finds too few ticks of an emulated one, and gives up.
  const words = ['console=ttyS0', 'quiet', 'panic=-1', 'no_timer_check', `fl.name=${options.name}`];
  if (options.address !== undefined) words.push(`fl.ip=${options.address}`);
  if (options.gateway !== undefined) words.push(`fl.gateway=${options.gateway}`);
  const size = `${options.memoryMiB ?? 128}M`;
  const { memoryFile } = options;
  const backend = memoryFile === undefined ? '' : ',memory-backend=memory';
  return [
    'qemu-system-x86_64',
    ...['-machine', `pc${backend}`, '-accel', 'tcg', '-m', size],
    ...(memoryFile === undefined
      ? []
      : ['-object', `memory-backend-file,id=memory,size=${size},mem-path=${memoryFile},share=on`]),
    ...(options.incoming === true ? ['-incoming', 'defer', '-S'] : []),
    ...['-nodefaults', '-nographic', '-no-reboot'],
    ...['-kernel', image.kernel, '-initrd', image.initramfs, '-append', words.join(' ')],
    // First serial port: the kernel's console, on our pipe. Second: the control channel.
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=control,server=off,path=${directory}/control`, '-serial', 'chardev:control'],
    ...['-chardev', `socket,id=monitor,server=off,path=${directory}/monitor`, '-mon', 'chardev=monitor,mode=control'],
    ...(options.qmpPath === undefined ? [] : ['-qmp', `unix:${options.qmpPath},server=on,wait=off`]),
    ...['-netdev', `stream,id=n0,server=off,addr.type=unix,addr.path=${options.nicPath}`],
    // Without the option ROM the firmware does not try to boot from the network.
    ...['-device', `virtio-net-pci,netdev=n0,mac=${options.mac},romfile=`],
  ];
}

/**
 * Waits until the guest's NIC is attached. QEMU 7.2 starts all the same when nobody listens, and never tries again; it
 * tells so nowhere but here.
 */
async function nicConnected(qmp: Qmp, path: string): Promise<void> {
  const attached = async (): Promise<boolean> => {
    const network = await qmp.execute('human-monitor-command', { 'command-line': 'info network' });
    if (String(network).includes('connection error')) throw new Error(`nobody listens on ${path}`);
    return String(network).includes(`unix:${path}`);
  };
  await until(attached, 10_000, `connection of QEMU to ${path}`);
}

/** Listens for one connection: QEMU connects to us, so that there is nothing to poll for. */
function listen(path: string): { server: Server; connection: Promise<Socket> } {
  const server = createServer().listen(path);
  const connection = once(server, 'connection').then(([socket]) => {
    // QEMU's end is told by its process, not by its sockets.
    (socket as Socket).on('error', () => undefined);
    return socket as Socket;
  });
  return { server, connection };
}
