import { describe, expect, it } from 'vitest';
import { bench, expectRefused, running, VM } from './harness.ts';

const LIMITS = { answerMs: 60, maxReplyBytes: 4096 };

describe('a peer that is no QEMU, or one that is ill', () => {
  it.each<[string, string, string]>([
    ['says nothing', '', 'no greeting for 60 ms'],
    ['greets with garbage', 'SSH-2.0-OpenSSH_9.2', 'no QMP message'],
    ['greets with a list', '[1,2]', 'no QMP message'],
    ['greets with an answer', '{"return":{},"id":1}', 'what nobody asked for'],
    ['greets with an endless line', `{"QMP":"${'x'.repeat(5000)}`, 'bytes'],
  ])('%s, and is given up', async (_, greeting, why) => {
    const { hypervisor, qemu } = await bench(LIMITS);
    qemu.greeting = greeting;
    await expectRefused(hypervisor.status(VM), why);
    expect(qemu.told).toEqual([]);
  });

  const answers: [string, (id: unknown) => string | undefined, string][] = [
    ['never', () => undefined, 'no answer to stop for 60 ms'],
    ['with garbage', () => '\u0000\u0001}{', 'no QMP message'],
    ['with a number', () => '42', 'no QMP message'],
    ['with another id', () => '{"return":{},"id":999}', 'what nobody asked for'],
    ['without an id', () => '{"return":{}}', 'what nobody asked for'],
    ['with neither result nor error', (id) => `{"id":${id}}`, 'what nobody asked for'],
    ['with an error that is none', (id) => `{"id":${id},"error":null}`, 'what nobody asked for'],
    ['with a line that has no end', () => 'x'.repeat(5000), 'bytes'],
    ['with many short lines', () => '{"event":"RTC_CHANGE"}\n'.repeat(200), 'bytes and no answer'],
    ['with an error', (id) => `{"id":${id},"error":{"class":"GenericError","desc":"no"}}`, 'no'],
  ];
  it.each(answers)('answers %s: the call is refused and the VM runs on', async (_, answer, why) => {
    const { hypervisor, qemu } = await running(LIMITS);
    qemu.deviations.set('stop', (socket, id) => {
      qemu.state = 'paused';
      const said = answer(id);
      if (said !== undefined) socket.write(`${said}\n`);
      return true;
    });
    await expectRefused(hypervisor.suspend(VM), why);
    expect(qemu.state).toBe('running');
    expect(await hypervisor.status(VM)).toBe('running');
  });

  it.each([1, 2])(
    'closes half-way through its answer, %i times: a question is asked twice, not more',
    async (times) => {
      const { hypervisor, qemu } = await running(LIMITS);
      let left = times;
      qemu.deviations.set('query-status', (socket) => {
        if (left-- <= 0) return false;
        socket.end('{"return":{"status":"run');
        return true;
      });
      if (times === 1) expect(await hypervisor.status(VM)).toBe('running');
      else await expectRefused(hypervisor.status(VM), 'closed the connection');
      expect(qemu.connections).toBe(2);
    },
  );

  it('ends between two questions: it is not there', async () => {
    const { hypervisor, qemu } = await running(LIMITS);
    qemu.deviations.set('query-migrate', () => {
      void qemu.close();
      return true;
    });
    expect(await hypervisor.status(VM)).toBe('stopped');
  });

  it('has ended before it can be told to', async () => {
    const { hypervisor, qemu } = await running(LIMITS);
    qemu.deviations.set('quit', () => {
      void qemu.close();
      return true;
    });
    await hypervisor.stop(VM);
    expect(await hypervisor.status(VM)).toBe('stopped');
  });

  it.each(['{}', '[]', 'null', '{"status":"__proto__"}', '{"status":7}'])(
    'says %s when it is asked for its state: it has none that can be acted on',
    async (answer) => {
      const { hypervisor, qemu } = await running(LIMITS);
      qemu.deviations.set('query-status', (socket, id) => socket.write(`{"return":${answer},"id":${id}}\n`));
      await expectRefused(hypervisor.status(VM), 'it says of its state');
    },
  );

  it('answers in pieces, with events between: that is what QMP is like', async () => {
    const { hypervisor, qemu } = await running(LIMITS);
    qemu.deviations.set('query-status', (socket, id) => {
      socket.setNoDelay(true);
      for (const piece of [
        '{"event":"RTC_CH',
        'ANGE"}\r',
        '\n\r\n{"return":{"sta',
        `tus":"paused"},"id":${id}}`,
        '\n',
      ]) {
        socket.write(piece);
      }
      return true;
    });
    expect(await hypervisor.status(VM)).toBe('suspended');
    expect(qemu.connections).toBe(1);
  });

  it('floods with events that nobody asked for: it is cut off, and heard again when it is asked', async () => {
    const { hypervisor, qemu, log } = await running();
    const gone = new Promise<void>((resolve) => {
      const flood = setInterval(() => {
        qemu.send('{"event":"BLOCK_IO_ERROR"}\n'.repeat(1000));
        if (!qemu.isConnected) resolve(clearInterval(flood));
      }, 1);
    });
    await gone;
    expect(log.entries.length).toBe(16);
    expect(await hypervisor.status(VM)).toBe('running');
    expect(qemu.connections).toBe(2);
  });

  it('is heard by one client at a time: calls at once share a connection', async () => {
    const { hypervisor, qemu } = await running();
    const seen = await Promise.all(Array.from({ length: 20 }, () => hypervisor.status(VM)));
    expect(new Set(seen)).toEqual(new Set(['running']));
    expect(qemu.connections).toBe(1);
  });

  it('does not end when it is told to: stop is refused', async () => {
    const { hypervisor, qemu } = await running(LIMITS);
    qemu.deviations.set('quit', (socket, id) => socket.write(`{"return":{},"id":${id}}\n`));
    await expectRefused(hypervisor.stop(VM), 'it was told to quit and has not');
    expect(await hypervisor.status(VM)).toBe('running');
  });
});
