import { readFileSync } from 'node:fs';
import { FairleadError } from '@fairlead/sdk';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import type { NatsRegistryOptions } from './options.ts';

/** What a registry works with while it is connected. */
export interface Buckets {
  readonly connection: NatsConnection;
  /** Hosts, each for the time of its lease. */
  readonly hosts: KV;
  /** VMs, each until it is given up. */
  readonly vms: KV;
}

/** A name as a key or a part of a subject: any text, and two that differ in a character are two. */
export const encoded = (name: string): string => Buffer.from(name, 'utf8').toString('base64url');

/**
 * The connection to NATS and the two buckets. It is made when it is first needed, kept, and made good by the client when it
 * breaks; what is asked meanwhile is refused at once.
 */
export class NatsLink {
  /** Until when a host claims only what it had: the claims of others may not be back yet. Microseconds. */
  settledUs = 0;
  readonly #options: NatsRegistryOptions;
  readonly #nowUs: () => number;
  #connection: Promise<NatsConnection> | undefined;
  #buckets: Promise<Buckets> | undefined;
  #created: string | undefined;
  #down = false;
  #closed = false;

  constructor(options: NatsRegistryOptions, nowUs: () => number) {
    this.#options = options;
    this.#nowUs = nowUs;
  }

  /** @throws FairleadError `FAIRLEAD_ERR_REGISTRY` while no server answers. */
  async buckets(): Promise<Buckets> {
    const connection = await this.connection();
    this.#buckets ??= this.#open(connection);
    try {
      return await this.#buckets;
    } catch (cause) {
      this.#buckets = undefined;
      throw outOfReach(cause);
    }
  }

  async connection(): Promise<NatsConnection> {
    if (this.#closed) throw outOfReach(new Error('it is closed'));
    this.#connection ??= this.#connect();
    try {
      const connection = await this.#connection;
      if (this.#down) throw new Error('the connection is broken');
      return connection;
    } catch (cause) {
      if (!this.#down) this.#connection = undefined;
      throw outOfReach(cause);
    }
  }

  /** A call has failed: when the buckets are gone with a server's memory, they are made anew by the next one. */
  failed(cause: unknown): FairleadError {
    this.#buckets = undefined;
    return outOfReach(cause);
  }

  async #connect(): Promise<NatsConnection> {
    const { servers, answerMs, credentials, prefix } = this.#options;
    const authenticator =
      credentials === undefined ? {} : { authenticator: credsAuthenticator(readFileSync(credentials)) };
    const connection = await connect({
      servers,
      name: prefix,
      timeout: answerMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      pingInterval: answerMs,
      maxPingOut: 2,
      ...authenticator,
    });
    void this.#watch(connection);
    return connection;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect' || type === 'staleConnection') this.#down = true;
      if (type === 'reconnect') {
        this.#buckets = undefined; // another server may know nothing of them
        this.#down = false;
      }
    }
  }

  async #open(connection: NatsConnection): Promise<Buckets> {
    const { prefix, storage, replicas, leaseMs, answerMs, settleMs } = this.#options;
    const manager = new Kvm(connection);
    const all = { history: 1, storage, replicas, timeout: answerMs } as const;
    const hosts = await manager.create(`${prefix}-hosts`, { ...all, ttl: leaseMs });
    const vms = await manager.create(`${prefix}-vms`, all);
    const { streamInfo } = await vms.status();
    const created = streamInfo.created;
    if (created !== this.#created) {
      this.#created = created;
      const { ts } = streamInfo as { ts?: string };
      const ageMs = ts === undefined ? 0 : Math.max(0, Date.parse(ts) - Date.parse(created));
      this.settledUs = this.#nowUs() + Math.max(0, settleMs - ageMs) * 1000;
    }
    return { connection, hosts, vms };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }
}

export function outOfReach(cause: unknown): FairleadError {
  if (cause instanceof FairleadError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FairleadError('FAIRLEAD_ERR_REGISTRY', `NATS did not do it: ${why}`, {
    where: 'registry nats',
    mend: 'see that a server runs, with JetStream (nats-server -js), and can be reached',
    cause,
  });
}
