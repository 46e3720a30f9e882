import { endianness } from 'node:os';
import { FairleadError } from '@fairlead/sdk';
import koffi from 'koffi';

/** The calls this device makes. Buffers of hot calls travel as addresses in a number, exact below 2^53. */
export interface Linux {
  socket(domain: number, type: number, protocol: number): number;
  close(fd: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** An `ioctl` whose argument is a number, not a pointer. */
  ioctlNumber(fd: number, request: number, argument: number): number;
  read(fd: number, address: number, bytes: number): number;
  write(fd: number, address: number, bytes: number): number;
}

/** `errno` of the failed call just made. */
export const errno = (): number => koffi.errno();

export const Errno = {
  EPERM: koffi.os.errno.EPERM,
  EIO: koffi.os.errno.EIO,
  EAGAIN: koffi.os.errno.EAGAIN,
  EINTR: koffi.os.errno.EINTR,
  ENOMEM: koffi.os.errno.ENOMEM,
  ENOBUFS: koffi.os.errno.ENOBUFS,
  EBUSY: koffi.os.errno.EBUSY,
  EINVAL: koffi.os.errno.EINVAL,
  /** asm-generic/errno.h, the number on every architecture that Node has 64-bit builds for; koffi does not list it. */
  EBADFD: 77,
} as const;

export const AF_INET = 2;
export const SOCK_DGRAM = 2;
export const SOCK_CLOEXEC = 0o2000000;

let loaded: Linux | undefined;

/**
 * The C library of this process.
 * @throws FairleadError `FAIRLEAD_ERR_DEVICE_OPEN` on a machine that is not 64-bit little-endian Linux.
 */
export function linux(): Linux {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux' || endianness() !== 'LE' || koffi.sizeof('void *') !== 8) {
    throw new FairleadError(
      'FAIRLEAD_ERR_DEVICE_OPEN',
      `tap devices do not exist on ${process.platform} ${process.arch}`,
      {
        where: 'device-emulator tap',
        mend: 'run on 64-bit little-endian Linux, or use the memory or qemu-stream device',
      },
    );
  }
  const library = koffi.load(null);
  loaded = {
    socket: library.func('int socket(int domain, int type, int protocol)'),
    close: library.func('int close(int fd)'),
    ioctl: library.func('int ioctl(int fd, ulong request, void *argument)'),
    ioctlNumber: library.func('int ioctl(int fd, ulong request, long argument)'),
    read: library.func('intptr_t read(int fd, uintptr_t address, size_t bytes)'),
    write: library.func('intptr_t write(int fd, uintptr_t address, size_t bytes)'),
  };
  return loaded;
}
