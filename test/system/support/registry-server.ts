import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Background } from './background.ts';
import type { NetworkLab } from './namespaces.ts';

const PORT = 4222;
const OWNERS = fileURLToPath(new URL('./owner-program.mjs', import.meta.url));

/** A NATS server with JetStream; what it stores outlives it. */
export class RegistryServer {
  readonly #lab: NetworkLab;
  readonly #namespace: string;
  readonly #argv: readonly string[];
  /** As `host:port`. */
  readonly server: string;
  #running: Background | undefined;

  /** `directory`: where it stores. It is started by {@link start}. */
  constructor(lab: NetworkLab, namespace: string, address: string, directory: string) {
    this.#lab = lab;
    this.#namespace = namespace;
    this.#argv = ['nats-server', '-a', address, '-p', `${PORT}`, '-js', '-sd', directory];
    this.server = `${address}:${PORT}`;
  }

  async start(): Promise<void> {
    this.#running = await this.#lab.start(this.#namespace, this.#argv);
    await this.#running.says(/Server is ready/, 15_000);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  /** Which host has each of these VMs, as it says. */
  async owners(...vms: readonly string[]): Promise<Record<string, string>> {
    const argv = [process.execPath, OWNERS, this.server, ...vms];
    const { status, stdout, stderr } = await this.#lab.run(this.#namespace, argv, { timeoutMs: 20_000 });
    if (status !== 0) throw new Error(`the registry does not say who has ${vms.join(', ')}: ${stderr}`);
    return JSON.parse(stdout) as Record<string, string>;
  }
}
