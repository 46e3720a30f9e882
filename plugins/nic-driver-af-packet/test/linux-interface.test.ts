import { describe, expect, it } from 'vitest';
import type { Linux } from '../src/linux.ts';
import { LinuxInterface } from '../src/linux-interface.ts';

const COMMAND_ADDRESS = 0x7000_0000_1000n;

/** A kernel with one interface, asked through ioctls. */
class FakeKernel {
  name = 'eth0';
  index = 7;
  flags = 0x1043;
  /** Mbit/s as ethtool tells them; undefined: the device does not answer. */
  megabits: number | undefined = 10_000;
  gro = 0;
  speedQuestions = 0;
  closed: number[] = [];
  #command: Uint8Array | undefined;

  readonly address = (buffer: Uint8Array): bigint => {
    this.#command = buffer;
    return COMMAND_ADDRESS;
  };

  readonly calls = {
    socket: () => 5,
    close: (fd: number) => this.closed.push(fd),
    ioctl: (fd: number, request: number, argument: Uint8Array) => this.#ioctl(fd, request, argument),
  } as unknown as Linux;

  #ioctl(fd: number, request: number, argument: Uint8Array): number {
    const view = new DataView(argument.buffer);
    const asked = new TextDecoder().decode(argument.subarray(0, argument.indexOf(0)));
    if (fd !== 5 || asked !== this.name) return -1;
    if (request === 0x8913) view.setUint16(16, this.flags, true);
    else if (request === 0x8933) view.setInt32(16, this.index, true);
    else if (request === 0x8946) return this.#ethtool(view.getBigUint64(16, true));
    else return -1;
    return 0;
  }

  #ethtool(address: bigint): number {
    if (address !== COMMAND_ADDRESS) return -1;
    const command = new DataView((this.#command as Uint8Array).buffer);
    if (command.getUint32(0, true) === 0x2b) {
      command.setUint32(4, this.gro, true);
      return 0;
    }
    if (command.getUint32(0, true) !== 1) return -1;
    this.speedQuestions++;
    if (this.megabits === undefined) return -1;
    command.setUint16(12, this.megabits & 0xffff, true);
    command.setUint16(28, this.megabits >>> 16, true);
    return 0;
  }
}

function open(kernel: FakeKernel, name = 'eth0', speedBps = 0): LinuxInterface {
  return new LinuxInterface(kernel.calls, name, speedBps, kernel.address);
}

describe('an interface', () => {
  it('is up when it is both up and running', () => {
    const kernel = new FakeKernel();
    const eth0 = open(kernel);
    expect(eth0.link()).toEqual({ up: true, speedBps: 10e9 });
    for (const flags of [0x1003, 0x1042, 0]) {
      kernel.flags = flags;
      expect(eth0.link()).toEqual({ up: false, speedBps: 0 });
    }
  });

  it('is asked for its speed once per time that the link comes up, or when it was made anew', () => {
    const kernel = new FakeKernel();
    const eth0 = open(kernel);
    eth0.link();
    eth0.link();
    expect(kernel.speedQuestions).toBe(1);
    kernel.flags = 0;
    eth0.link();
    kernel.flags = 0x1043;
    kernel.megabits = 1000;
    expect(eth0.link()).toEqual({ up: true, speedBps: 1e9 });
    kernel.index = 8;
    kernel.megabits = 25_000;
    expect(eth0.link()).toEqual({ up: true, speedBps: 25e9 });
    expect(kernel.speedQuestions).toBe(3);
  });

  it('tells speeds over 65 Gbit/s, whose megabits take more than 16 bits', () => {
    const kernel = new FakeKernel();
    kernel.megabits = 400_000;
    expect(open(kernel).link().speedBps).toBe(400e9);
  });

  it.each([undefined, 0xffff, 0xffffffff])('of unknown speed (%s) tells 0', (megabits) => {
    const kernel = new FakeKernel();
    kernel.megabits = megabits;
    expect(open(kernel).link()).toEqual({ up: true, speedBps: 0 });
  });

  it('tells the configured speed without asking the device', () => {
    const kernel = new FakeKernel();
    expect(open(kernel, 'eth0', 5e9).link()).toEqual({ up: true, speedBps: 5e9 });
    expect(kernel.speedQuestions).toBe(0);
  });

  it('that does not exist has number 0 and is down', () => {
    const none = open(new FakeKernel(), 'eth1');
    expect(none.index()).toBe(0);
    expect(none.link()).toEqual({ up: false, speedBps: 0 });
  });

  it('tells whether received frames are merged, and closes its socket', () => {
    const kernel = new FakeKernel();
    const eth0 = open(kernel);
    expect(eth0.mergesFrames()).toBe(false);
    kernel.gro = 1;
    expect(eth0.mergesFrames()).toBe(true);
    eth0.close();
    expect(kernel.closed).toEqual([5]);
  });
});
