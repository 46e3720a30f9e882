import { describe, expect, it } from 'vitest';
import { Background } from '../support/background.ts';
import { until } from '../support/deadline.ts';
import { requireParts } from '../support/parts.ts';

const parts = requireParts('processes beside a test', ['setpriv']);

describe.skipIf(parts.skip)('a process beside a test', () => {
  it('has said what it said, also when it has ended since', async () => {
    const said = await Background.start(['echo', 'all of it']);
    await until(() => said.ended, 10_000, 'end of echo');
    await said.stop();
    await expect(said.says(/all of it/, 10_000)).resolves.toBeUndefined();
  });

  it('that ends before it has said something never will', async () => {
    const silent = await Background.start(['true']);
    await expect(silent.says(/anything/, 10_000)).rejects.toThrow('"true" ended with 0');
    await silent.stop();
  });
});
