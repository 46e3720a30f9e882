import { mkdir, readdir, readFile, readlink, rmdir, writeFile } from 'node:fs/promises';

/** The files by which Linux tells of processes (`/proc`) and limits them (cgroup file systems). */
export interface MachineFiles {
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** What is in a directory. */
  list(path: string): Promise<string[]>;
  /** Where a symbolic link leads. */
  link(path: string): Promise<string>;
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
}

export const linuxFiles: MachineFiles = {
  read: (path) => readFile(path, 'utf8'),
  write: (path, text) => writeFile(path, text),
  list: (path) => readdir(path),
  link: (path) => readlink(path),
  makeDirectory: async (path) => void (await mkdir(path)),
  removeDirectory: (path) => rmdir(path),
};

/** What the kernel said, as ENOENT or EBUSY. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
