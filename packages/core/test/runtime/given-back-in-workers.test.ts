import { afterEach, describe, expect, it } from 'vitest';
import { endHost, startHost } from '../given/worker-host.ts';

afterEach(endHost);

const givingBack = (options: Record<string, unknown> = {}) => ({ use: './giving-back.mjs', options });

describe('when a host is closed', () => {
  it('the plugins of each worker give back what they took, and what they say last is heard', async () => {
    const observed = await startHost({ distribution: givingBack() }, 2);
    const heard: string[] = [];
    observed.host.on('log', ({ plugin, message }) => heard.push(`${plugin}: ${message}`));
    observed.send(0, 10);
    await observed.untilTransmitted(0, 10);
    expect(heard).toEqual([]);
    await observed.close();
    expect(heard).toEqual(['giving-back: given back', 'giving-back: given back']);
  });

  it('no plugin is waited for that does not come to an end of it, and the books are right', async () => {
    const observed = await startHost({ distribution: givingBack({ endless: true }) });
    observed.send(0, 10);
    await observed.untilTransmitted(0, 10);
    await observed.close();
    expect(observed.transmitted(0)).toBe(10);
  });
});
