import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type CapturedFrame, CaptureReader, type CaptureReaderOptions } from '../src/capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-pcap-'));
let files = 0;

/** A path of a file that is deleted when the test file is through. */
export function freshPath(name = 'capture'): string {
  return join(folder, `${files++}-${name}`);
}

export function fileOf(...parts: (Uint8Array | readonly number[])[]): string {
  const path = freshPath();
  writeFileSync(path, Buffer.concat(parts.map((part) => Uint8Array.from(part))));
  return path;
}

export function readAll(path: string, options?: CaptureReaderOptions): CapturedFrame[] {
  const reader = new CaptureReader(path, options);
  try {
    return [...reader];
  } finally {
    reader.close();
  }
}

/** Joins numbers of 1, 2, 4 or 8 bytes in one byte order, for files written by hand. */
export class Bytes {
  readonly #bytes: number[] = [];

  constructor(private readonly littleEndian: boolean) {}

  u8(...values: number[]): this {
    this.#bytes.push(...values);
    return this;
  }

  u16(...values: number[]): this {
    for (const value of values) this.#number(value, 2);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) this.#number(value, 4);
    return this;
  }

  /** A pcapng block around a body whose length is a multiple of 4. */
  block(type: number, body: Bytes): this {
    const total = 12 + body.#bytes.length;
    this.u32(type, total);
    this.#bytes.push(...body.#bytes);
    return this.u32(total);
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #number(value: number, width: number): void {
    const bytes = Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
    this.#bytes.push(...(this.littleEndian ? bytes : bytes.reverse()));
  }
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));
