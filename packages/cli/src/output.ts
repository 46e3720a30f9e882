/** Where a command writes: lines of results, lines for people beside them. Tests hand over one that keeps them. */
export interface Output {
  /** A line of the result, on standard output. */
  print(line: string): void;
  /** A line about the work, on standard error. */
  tell(line: string): void;
}

/** The process's own streams. */
export const processOutput: Output = {
  print: (line) => void process.stdout.write(`${line}\n`),
  tell: (line) => void process.stderr.write(`${line}\n`),
};
