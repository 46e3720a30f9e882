import { composeHost, type FrameTrace, Host } from '@fairlead/core';
import { FairleadError, type PluginDefinition } from '@fairlead/sdk';
import { basesOf, type CheckedHostFile, checkHostFile } from '../config/check-host-file.ts';
import { type ReplayGuest, replayGuest } from '../replay/replay-guest.ts';
import { standInFor } from '../replay/stand-in.ts';
import { type DescribedFrame, writeFrame } from './frame.ts';

/** Of a NIC whose driver's options name no speed. */
const SPEED_BPS = 1e9;
const WAIT_MS = 1000;

/**
 * Sends one frame through the policies of a configuration: inline, on the virtual clock, each NIC a memory of its speed
 * with its link up, nothing pending, every bucket full. Opens none of the configuration's own NICs and devices.
 * @throws FairleadError with the first thing that is wrong with the file or the frame.
 */
export async function traceDescribed(
  name: string,
  frame: DescribedFrame,
  down: readonly string[],
): Promise<FrameTrace[]> {
  const { checked, faults } = await checkHostFile(name);
  if (checked === undefined) {
    const [first] = faults;
    const where =
      `${first?.file ?? name}${first?.line === undefined ? '' : `:${first.line}`} ${first?.path ?? ''}`.trim();
    const mend = first?.mend ?? 'use fairlead check';
    throw new FairleadError(first?.code ?? 'FAIRLEAD_ERR_CONFIG_INVALID', first?.what ?? 'it is wrong', {
      where,
      mend,
    });
  }
  const host = await standIn(checked);
  try {
    await host.start();
    for (const nic of down) host.nics.setAdmin(nic, false);
    host.pass();
    const mac = host.config.vms[host.vms.index(frame.vm)]?.mac ?? '';
    const bytes = writeFrame(frame, mac);
    const found = host.trace(frame.vm, { frames: 1, forMs: WAIT_MS });
    if (!host.device<ReplayGuest>(frame.vm).offer(bytes, bytes.length))
      throw new FairleadError(
        'FAIRLEAD_ERR_CONFIG_INVALID',
        `the virtual NIC takes no frame of ${bytes.length} bytes`,
        {
          where: '--bytes',
          mend: 'use fewer bytes',
        },
      );
    host.run(2 * WAIT_MS * 1000);
    return await found;
  } finally {
    await host.close();
  }
}

async function standIn({ file, composition }: CheckedHostFile): Promise<Host> {
  const written = standInFor(composition, (_nic, speedBps = SPEED_BPS) => ({ use: 'memory', options: { speedBps } }));
  const definitions = new Map([['device-emulator/replay', replayGuest as unknown as PluginDefinition]]);
  return new Host(await composeHost(written, { bases: basesOf(file), definitions }));
}
