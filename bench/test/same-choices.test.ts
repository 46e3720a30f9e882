import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fusedPath } from '../src/fused.ts';
import { BATCH, fusedMemory, layout, nicColumns } from '../src/fused-memory.ts';
import { loopMemory, Producer, ProductLoop } from '../src/product-loop.ts';

// The product, the steps fused by hand and C are compared for their speed: they must do the same. Each prints, for the
// same frames at the same times, a line per sweep and NIC: the VMs whose frames it got, in order.

const VMS = 9;
const SPEEDS_BPS = [10e9, 25e9, 40e9, 10e9];
const NICS = SPEEDS_BPS.length;
const TURNS = 60;

interface Path {
  produce(vm: number): void;
  /** Returns how many frames it took. */
  sweep(nowUs: number): number;
  /** What a NIC has got in all, and the VM of the frame that it got as its `at`-th. */
  got(nic: number): number;
  vmOf(nic: number, at: number): number;
}

/** The last VM always has the most to send, so that the next sweep begins with the first one, as it always does in C. */
function choicesOf(path: Path): string[] {
  const lines: string[] = [];
  const seen = SPEEDS_BPS.map(() => 0);
  for (let turn = 1; turn <= TURNS; turn++) {
    let left = 0;
    for (let vm = 0; vm < VMS; vm++) {
      const batches = vm === VMS - 1 ? 4 : (turn * 7 + vm * 3) % 4;
      for (let made = 0; made < batches; made++) path.produce(vm);
      left += batches * BATCH;
    }
    while (left > 0) {
      left -= path.sweep(turn * 100);
      for (let nic = 0; nic < NICS; nic++) {
        let line = '';
        for (; seen[nic] !== path.got(nic); (seen[nic] as number)++) line += ` ${path.vmOf(nic, seen[nic] as number)}`;
        lines.push(line);
      }
    }
  }
  return lines;
}

function fused(): Path {
  const memory = fusedMemory(VMS, NICS);
  SPEEDS_BPS.forEach((bps, nic) => {
    memory.nicNumbers[nic * nicColumns.numbers + nicColumns.speedBps] = bps;
  });
  const { nicRings, slotVm } = memory;
  const ring = (nic: number): number => nic * layout.nicRingWords;
  return {
    ...fusedPath(memory, VMS, NICS),
    got: (nic) => nicRings[ring(nic)] as number,
    vmOf: (nic, at) =>
      slotVm[
        (nicRings[ring(nic) + layout.ringEntries + (at % layout.nicRing)] as number) >>> layout.lengthBits
      ] as number,
  };
}

function product(): Path {
  const handle = loopMemory(VMS, NICS);
  const producer = new Producer(handle);
  const { arena, forwarder } = new ProductLoop(handle);
  arena.nics.speedBps.set(SPEEDS_BPS);
  const { queues } = forwarder;
  return {
    produce: (vm) => expect(producer.batch(vm)).toBe(true),
    sweep(nowUs) {
      const before = arena.vms.transmittedFrames.reduce((sum, frames) => sum + frames, 0);
      forwarder.sweep(nowUs);
      return arena.vms.transmittedFrames.reduce((sum, frames) => sum + frames, 0) - before;
    },
    got: (nic) => queues.tail[nic] as number,
    vmOf(nic, at) {
      const descriptor = queues.entries[queues.base + nic * queues.size + (at & queues.mask)] as number;
      return arena.pool.slotVm[descriptor >>> arena.pool.lengthBits] as number;
    },
  };
}

function inC(path: 'fused' | 'staged'): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-choices-'));
  try {
    const program = join(directory, 'same-choices');
    const peer = (name: string): string => fileURLToPath(new URL(`../peer/${name}`, import.meta.url));
    const source = fileURLToPath(new URL('same-choices.c', import.meta.url));
    const sources = [source, peer('transmit_fused.c'), peer('transmit_staged.c')];
    execFileSync('gcc', ['-O1', '-std=gnu17', '-pthread', '-o', program, ...sources, '-lm']);
    return execFileSync(program, [path], { encoding: 'utf8' }).split('\n').slice(0, -1);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const chosen = choicesOf(fused());
const hasGcc = spawnSync('gcc', ['--version']).status === 0;

describe('what is compared for speed chooses the same NICs', () => {
  it('spreads the frames over all NICs, the faster ones more', () => {
    const frames = SPEEDS_BPS.map((_, nic) =>
      chosen.reduce((sum, line, at) => sum + (at % NICS === nic ? line.split(' ').length - 1 : 0), 0),
    );
    expect(Math.min(...frames)).toBeGreaterThan(0);
    expect(frames[2]).toBeGreaterThan(frames[1] as number);
    expect(frames[1]).toBeGreaterThan(frames[0] as number);
  });

  it('the product as the steps fused by hand', () => expect(choicesOf(product())).toEqual(chosen));

  it.skipIf(!hasGcc)(`C, fused${hasGcc ? '' : ' (skipped: no gcc)'}`, () => expect(inC('fused')).toEqual(chosen));

  it.skipIf(!hasGcc)(`C in stages${hasGcc ? '' : ' (skipped: no gcc)'}`, () => expect(inC('staged')).toEqual(chosen));
});
