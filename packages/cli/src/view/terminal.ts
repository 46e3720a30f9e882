import type { ScreenLine, Tone } from './screen.ts';

/* Control sequences of ECMA-48 and of xterm's private modes. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const CLEAR = '\x1b[2J';
const CLEAR_REST_OF_LINE = '\x1b[K';
const RESET = '\x1b[0m';
const TONES: Readonly<Record<Tone, string>> = {
  plain: '',
  title: '\x1b[1m',
  head: '\x1b[2;4m',
  bad: '\x1b[31m',
  quiet: '\x1b[2m',
};

/** What a live terminal needs of the process. */
export interface TerminalStreams {
  readonly output: NodeJS.WriteStream;
  readonly input: NodeJS.ReadStream;
  /** True: no colours (https://no-color.org). */
  readonly plain: boolean;
}

/**
 * The terminal while a host is shown on it: a screen of its own, on which only lines that changed are written again, so
 * that nothing flickers. `leave` gives the terminal back as it was, and is called whatever ends the process.
 */
export class Terminal {
  static #current: Terminal | undefined;
  readonly #streams: TerminalStreams;
  readonly #key: (key: string) => void;
  #shown: string[] = [];
  #entered = false;

  constructor(streams: TerminalStreams, key: (key: string) => void) {
    this.#streams = streams;
    this.#key = key;
  }

  /** Gives the terminal back, if one is in use: before something else is said on it. */
  static leaveAny(): void {
    Terminal.#current?.leave();
  }

  get columns(): number {
    return this.#streams.output.columns || 80;
  }

  get rows(): number {
    return this.#streams.output.rows || 24;
  }

  enter(): void {
    const { output, input } = this.#streams;
    this.#entered = true;
    Terminal.#current = this;
    output.write(ENTER);
    output.on('resize', this.#resized);
    process.once('exit', this.leave);
    if (!input.isTTY) return;
    input.setRawMode(true);
    input.setEncoding('utf8');
    input.on('data', this.#typed);
    input.resume();
  }

  /** Shows lines, from the top; at most as many as there are rows. */
  show(lines: readonly ScreenLine[]): void {
    // After a line that reaches the right edge the cursor stands on its last character, which must not be cleared.
    const painted = lines.map(
      ({ text, tone }) => this.#paint(text, tone) + (text.length < this.columns ? CLEAR_REST_OF_LINE : ''),
    );
    let changes = '';
    for (let row = 0; row < Math.max(painted.length, this.#shown.length); row++) {
      const text = painted[row] ?? CLEAR_REST_OF_LINE;
      if (text !== this.#shown[row]) changes += `\x1b[${row + 1};1H${text}`;
    }
    this.#shown = painted;
    if (changes !== '') this.#streams.output.write(changes);
  }

  readonly leave = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    Terminal.#current = undefined;
    const { output, input } = this.#streams;
    process.off('exit', this.leave);
    output.off('resize', this.#resized);
    output.write(LEAVE);
    if (!input.isTTY) return;
    input.off('data', this.#typed);
    input.setRawMode(false);
    input.pause();
  };

  #paint(text: string, tone: Tone): string {
    const code = this.#streams.plain ? '' : TONES[tone];
    return code === '' || text === '' ? text : `${code}${text}${RESET}`;
  }

  readonly #resized = (): void => {
    this.#shown = [];
    this.#streams.output.write(CLEAR);
  };

  readonly #typed = (text: string | Buffer): void => {
    // A pressed arrow comes as one piece that begins with ESC: no key of ours.
    const keys = String(text);
    if (!keys.startsWith('\x1b')) for (const key of keys) this.#key(key);
  };
}
