import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceLaws } from '@fairlead/sdk/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureReader, CaptureWriter } from '../src/capture.ts';
import pcap from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-pcap-laws-'));
afterAll(() => rmSync(folder, { recursive: true }));

let networks = 0;

function framesOf(path: string): Uint8Array[] {
  const reader = new CaptureReader(path);
  const frames: Uint8Array[] = [];
  while (reader.next()) frames.push(reader.memory.slice(reader.at, reader.at + reader.bytes));
  reader.close();
  return frames;
}

const laws = conformanceLaws(pcap, {
  options: [{}, { timing: 'asap', format: 'pcapng', stamps: 'ns' }, { speedBps: '10Mbps' }],
  network: (arriving) => {
    const read = join(folder, `in-${++networks}.pcap`);
    const write = join(folder, `out-${networks}.pcap`);
    const writer = new CaptureWriter(read);
    for (const [i, frame] of arriving.entries()) writer.write(i * 50, frame, 0, frame.length);
    writer.close();
    return {
      options: { read, write },
      // An instance that was never opened, or only reports the link, writes no file.
      sent: () => (existsSync(write) ? framesOf(write) : []),
      close: () => {
        for (const path of [read, write]) rmSync(path, { force: true });
      },
    };
  },
  unopenable: [{ read: join(folder, 'no-such.pcap') }, { write: join(folder, 'no-such-folder', 'out.pcap') }],
});

describe('the pcap NIC', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
