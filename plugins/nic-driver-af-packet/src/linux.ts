import { endianness } from 'node:os';
import { FairleadError } from '@fairlead/sdk';
import koffi from 'koffi';

/**
 * The calls this driver makes. Pointers travel as numbers: user-space addresses are below 2^47, which a double holds
 * exactly, and a number costs no handle per call where a buffer would.
 */
export interface Linux {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  sendmmsg(fd: number, headers: number, count: number, flags: number): number;
  recvmmsg(fd: number, headers: number, count: number, flags: number, timeout: number): number;
}

/** `errno` of the failed call just made. */
export const errno = (): number => koffi.errno();

/** Numbers from the kernel's `include/uapi`; those of errors differ between architectures and come from koffi. */
export const Errno = {
  EINTR: koffi.os.errno.EINTR,
  EPERM: koffi.os.errno.EPERM,
  EACCES: koffi.os.errno.EACCES,
  EAGAIN: koffi.os.errno.EAGAIN,
  ENOBUFS: koffi.os.errno.ENOBUFS,
  ENOMEM: koffi.os.errno.ENOMEM,
  ENETDOWN: koffi.os.errno.ENETDOWN,
  ENXIO: koffi.os.errno.ENXIO,
  ENODEV: koffi.os.errno.ENODEV,
} as const;

export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const ETH_P_ALL = 3;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_RCVBUFFORCE = 33;
export const SOL_PACKET = 263;
export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_MR_PROMISC = 1;
export const PACKET_AUXDATA = 8;
export const PACKET_QDISC_BYPASS = 20;
export const PACKET_IGNORE_OUTGOING = 23;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

let loaded: Linux | undefined;

/**
 * The C library of this process.
 * @throws FairleadError `FAIRLEAD_ERR_DRIVER_OPEN` on a machine that is not 64-bit little-endian Linux.
 */
export function linux(): Linux {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux' || endianness() !== 'LE' || koffi.sizeof('void *') !== 8) {
    throw new FairleadError(
      'FAIRLEAD_ERR_DRIVER_OPEN',
      `AF_PACKET sockets do not exist on ${process.platform} ${process.arch}`,
      {
        where: 'nic-driver af-packet',
        mend: 'run on 64-bit little-endian Linux, or use the memory or pcap driver',
      },
    );
  }
  const library = koffi.load(null);
  loaded = {
    socket: library.func('int socket(int domain, int type, int protocol)'),
    bind: library.func('int bind(int fd, void *address, uint length)'),
    close: library.func('int close(int fd)'),
    setsockopt: library.func('int setsockopt(int fd, int level, int option, void *value, uint length)'),
    ioctl: library.func('int ioctl(int fd, ulong request, void *argument)'),
    sendmmsg: library.func('int sendmmsg(int fd, uintptr_t headers, uint count, int flags)'),
    recvmmsg: library.func('int recvmmsg(int fd, uintptr_t headers, uint count, int flags, uintptr_t timeout)'),
  };
  return loaded;
}

/** A 32-bit integer as the bytes that a socket option takes. */
export function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
