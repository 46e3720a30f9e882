import type { Output } from '../src/output.ts';

/** An output that keeps what is written to it. */
export class WrittenLines implements Output {
  readonly printed: string[] = [];
  readonly told: string[] = [];
  /** Called at each printed line. */
  heard: (line: string) => void = () => undefined;

  print(line: string): void {
    this.printed.push(line);
    this.heard(line);
  }

  tell(line: string): void {
    this.told.push(line);
  }

  /** The printed lines, each read as JSON. */
  get objects(): Record<string, unknown>[] {
    return this.printed.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
