import type { Guest } from './qemu.ts';

const ERRORS = {
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  ENOENT: 'No such file or directory',
  ENOTSUP: 'Not supported',
  ESRCH: 'No such process',
} as const;

/** The files of a guest's kernel, by its shell, with the errors of Node's `fs`. */
export class GuestFiles {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  read(path: string): Promise<string> {
    return this.#run(`cat ${quoted(path)}`);
  }

  async write(path: string, text: string): Promise<void> {
    // One write(2), whose error dd tells.
    await this.#run(`echo ${quoted(text)} | dd of=${quoted(path)} status=none`);
  }

  async list(path: string): Promise<string[]> {
    return (await this.#run(`ls -A ${quoted(path)}`)).split('\n').filter((name) => name !== '');
  }

  async link(path: string): Promise<string> {
    return (await this.#run(`readlink ${quoted(path)}`)).trimEnd();
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#run(`mkdir ${quoted(path)}`);
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#run(`rmdir ${quoted(path)}`);
  }

  async #run(line: string): Promise<string> {
    const { status, output } = await this.#guest.run(line, 60_000);
    if (status === 0) return output;
    const [code] = Object.entries(ERRORS).find(([, said]) => output.includes(said)) ?? ['EIO'];
    throw Object.assign(new Error(`${code}: ${line}: ${output.trim()}`), { code });
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
