import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';

/** An output of a replay, by its name in the output folder. */
export interface OutputDigest {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** SHA-256 of each file of a folder, in the order of their names. */
export async function digestFiles(folder: string, names: readonly string[]): Promise<OutputDigest[]> {
  const digests: OutputDigest[] = [];
  for (const name of [...names].sort()) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(join(folder, name))) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    digests.push({ name, bytes, sha256: hash.digest('hex') });
  }
  return digests;
}

/** One digest of them all: that of the lines `sha256sum` prints for them. */
export function digestOfAll(files: readonly OutputDigest[]): string {
  const hash = createHash('sha256');
  for (const { name, sha256 } of files) hash.update(`${sha256}  ${name}\n`);
  return hash.digest('hex');
}
