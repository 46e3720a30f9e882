import { setTimeout as delay } from 'node:timers/promises';
import nats, { type NatsRegistry } from '@fairlead/host-registry-nats';
import { conformanceLaws, createInstance } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestNats, withoutNats } from './support/nats.ts';

const missing = withoutNats();
if (missing !== undefined) console.log(`skipped: ${missing}`);

let server: TestNats;
let worlds = 0;
beforeAll(async () => {
  if (missing === undefined) server = await TestNats.start();
});
afterAll(() => server?.close());

const laws = conformanceLaws(nats, {
  registry: () => ({
    options: {
      servers: [`127.0.0.1:${server.port}`],
      prefix: `w${++worlds}`,
      storage: 'memory',
      leaseMs: 2000,
      settleMs: 0,
      answerMs: 2000,
    },
    reach: (reachable) => server.reach(reachable),
    outlive: () => delay(3500),
  }),
});

const open = (more: object = {}): NatsRegistry =>
  createInstance(nats, {
    servers: [`127.0.0.1:${server.port}`],
    settleMs: 0,
    answerMs: 3000,
    ...more,
  }) as NatsRegistry;

/** Until a call goes through again. */
async function untilReached(registry: NatsRegistry): Promise<void> {
  for (;;) {
    try {
      await registry.hosts();
      return;
    } catch {
      await delay(50);
    }
  }
}

describe.skipIf(missing !== undefined)('the registry in a real NATS server', () => {
  it.each(laws)(
    '$name',
    async ({ name, check }) => {
      // Each scenario waits for a lease, or opens connections anew: few of them are tried.
      await expect(Promise.resolve(check(1, name.startsWith('forgets') ? 2 : 6))).resolves.toBeUndefined();
    },
    60_000,
  );

  it('refuses at once while no server is there at the start, and goes on when it is', async () => {
    server.reach(false);
    const registry = open({ prefix: 'late' });
    await expect(registry.claim('web', 'a')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_REGISTRY' });
    server.reach(true);
    await untilReached(registry);
    expect(await registry.claim('web', 'a')).toBe(true);
    await registry.close();
  }, 30_000);

  it('keeps claims in files over a restart of the server', async () => {
    const registry = open({ prefix: 'kept' });
    expect(await registry.claim('web', 'a')).toBe(true);
    await server.kill();
    await expect(registry.claim('web', 'a')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_REGISTRY' });
    await server.run();
    await untilReached(registry);
    expect(await registry.claim('web', 'b')).toBe(false);
    expect(await registry.owner('web')).toBe('a');
    await registry.close();
  }, 30_000);

  it('gives a VM to nobody but who had it when a server has lost what it kept in memory', async () => {
    const options = { prefix: 'lost', storage: 'memory' };
    const [a, b] = [open({ ...options, settleMs: 0 }), open({ ...options, settleMs: 60_000 })];
    expect(await a.claim('web', 'a')).toBe(true);
    await server.kill();
    await server.run();
    await untilReached(b);
    await expect(b.claim('web', 'b')).rejects.toThrow('are new');
    await untilReached(a);
    expect(await a.claim('web', 'a')).toBe(true);
    expect(await b.claim('web', 'b')).toBe(false);
    await a.close();
    await b.close();
  }, 30_000);

  it('carries questions between hosts, with what is refused and what is not answered', async () => {
    const [a, b] = [open({ prefix: 'asked' }), open({ prefix: 'asked' })];
    await b.answer('b', async (question) => {
      if (question[0] === 9) throw new Error('no room');
      if (question[0] === 8) await new Promise(() => undefined);
      return Uint8Array.of((question[0] as number) + 1);
    });
    expect(await a.ask('b', Uint8Array.of(1))).toEqual(Uint8Array.of(2));
    expect((await a.ask('b', new Uint8Array(1_000_000).fill(3)))[0]).toBe(4);
    await expect(a.ask('b', Uint8Array.of(9))).rejects.toThrow('no room');
    await expect(a.ask('b', Uint8Array.of(8))).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_REGISTRY' });
    await expect(a.ask('nobody', Uint8Array.of(1))).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_REGISTRY' });
    await a.close();
    await b.close();
  }, 30_000);
});
