import { THREAD_WORDS } from './layout.ts';

/** Words that a thread shows of itself. */
const Word = {
  /** Grows with every sweep. */
  Heartbeat: 0,
  /** `Phase`: which code is running. */
  Phase: 1,
  /** VM whose batch is being worked on, when a plugin runs. */
  Vm: 2,
  /** 1 while the thread sleeps or is about to; woken through this word. */
  Sleeping: 3,
  /** 1 while the thread holds still for an audit. */
  Paused: 4,
  /** 1 when the host has posted something that the thread has not looked at yet. */
  Mail: 5,
} as const;

/** What a worker is doing: whose code it runs. */
export const Phase = {
  Core: 0,
  Admit: 1,
  Sweep: 2,
  Select: 3,
  Send: 4,
  Receive: 5,
  ShadowAdmit: 6,
  ShadowSelect: 7,
  /** A plugin is loaded, made, opened: the other word holds its number among those of the worker. */
  Load: 8,
  Make: 9,
  Open: 10,
  /** A detector watches, or judges: the other word holds its number. */
  Observe: 11,
  Judge: 12,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** Shows the phase that a worker is in, and the VM or NIC for which. */
export type Enter = (phase: Phase, vm: number) => void;

/** No pause is longer, whatever happens to the one who asked for it. */
const MAX_PAUSE_MS = 500;

/** Words of the host as a whole: they follow the last thread's. */
const HostWord = { Stop: 0, Available: 1, Pause: 2, Changes: 3 } as const;

/**
 * The state that threads show each other: heartbeats for the watchdog, a word to sleep on, and the set of available
 * NICs as one word, so that it changes at once for every reader.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { type Enter, type Threads } from '@fairlead/core/stages';
 *
 * const threads: Threads = arena.threads;
 * const enter: Enter = threads.createEnter(0);
 * enter(1, 7); // worker 0 asks an admission policy about VM 7
 * console.log(threads.phase(0).vm); // 7, for a watchdog on another thread
 * ```
 */
export class Threads {
  /** Everything here, as words of the shared memory. */
  readonly words: Int32Array;
  readonly #count: number;

  /** `count` threads: the forwarding workers, then the device thread. */
  constructor(memory: SharedArrayBuffer, byteOffset: number, count: number) {
    this.words = new Int32Array(memory, byteOffset, (count + 1) * THREAD_WORDS);
    this.#count = count;
  }

  /** Number of the thread of the virtual NICs. */
  get deviceThread(): number {
    return this.#count - 1;
  }

  /** True once every thread is to end. */
  get stopped(): boolean {
    return Atomics.load(this.words, this.#count * THREAD_WORDS + HostWord.Stop) !== 0;
  }

  /** Tells every thread to end, and wakes it. */
  stop(): void {
    Atomics.store(this.words, this.#count * THREAD_WORDS + HostWord.Stop, 1);
    for (let thread = 0; thread < this.#count; thread++) this.wake(thread);
  }

  /** True when the host asks its workers to hold still. */
  get pausing(): boolean {
    return Atomics.load(this.words, this.#count * THREAD_WORDS + HostWord.Pause) !== 0;
  }

  /** True while a thread stands still. */
  isPaused(thread: number): boolean {
    return Atomics.load(this.words, thread * THREAD_WORDS + Word.Paused) === 1;
  }

  /** A worker holds still, having put everything down, until the host lets it go on. */
  async pause(thread: number): Promise<void> {
    const word = thread * THREAD_WORDS + Word.Paused;
    Atomics.store(this.words, word, 1);
    Atomics.notify(this.words, word);
    const wait = Atomics.waitAsync(this.words, this.#count * THREAD_WORDS + HostWord.Pause, 1, MAX_PAUSE_MS);
    if (wait.async) await wait.value;
    Atomics.store(this.words, word, 0);
  }

  /** Resolves when all these workers hold still; one that does not in time is left to the watchdog. */
  async pauseAll(workers: readonly number[]): Promise<void> {
    Atomics.store(this.words, this.#count * THREAD_WORDS + HostWord.Pause, 1);
    for (const worker of workers) {
      this.wake(worker);
      const wait = Atomics.waitAsync(this.words, worker * THREAD_WORDS + Word.Paused, 0, MAX_PAUSE_MS);
      if (wait.async) await wait.value;
    }
  }

  /** Lets the threads that stand still go on. */
  resumeAll(): void {
    const word = this.#count * THREAD_WORDS + HostWord.Pause;
    Atomics.store(this.words, word, 0);
    Atomics.notify(this.words, word);
  }

  /** Says that something was posted to a thread, and wakes it. Called after it was posted. */
  announceMail(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + Word.Mail, 1);
    this.wake(thread);
  }

  /** True while an order waits for a thread. */
  hasMail(thread: number): boolean {
    return Atomics.load(this.words, thread * THREAD_WORDS + Word.Mail) !== 0;
  }

  /** To be called before the mail is read: what is posted from now on is announced anew. */
  mailSeen(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + Word.Mail, 0);
  }

  /** Bit set of available NICs. */
  get available(): number {
    return Atomics.load(this.words, this.#count * THREAD_WORDS + HostWord.Available);
  }

  set available(mask: number) {
    Atomics.store(this.words, this.#count * THREAD_WORDS + HostWord.Available, mask);
    Atomics.add(this.words, this.#count * THREAD_WORDS + HostWord.Changes, 1);
  }

  /** Tells the workers that something has changed which they take over between two sweeps. */
  announceChange(): void {
    Atomics.add(this.words, this.#count * THREAD_WORDS + HostWord.Changes, 1);
  }

  /** Grows whenever the set of available NICs was written: a NIC that left and returned in between is told by it. */
  get availableChanges(): number {
    return Atomics.load(this.words, this.#count * THREAD_WORDS + HostWord.Changes);
  }

  /** Says that a thread is alive. */
  beat(thread: number): void {
    this.words[thread * THREAD_WORDS + Word.Heartbeat]++;
  }

  /** How often a thread has said so; another number each time. */
  heartbeat(thread: number): number {
    return Atomics.load(this.words, thread * THREAD_WORDS + Word.Heartbeat);
  }

  /** How a thread shows what it is about to do: two plain stores, a few hundred picoseconds. */
  createEnter(thread: number): Enter {
    const first = thread * THREAD_WORDS;
    const fixed = { words: this.words, phaseWord: first + Word.Phase, vmWord: first + Word.Vm };
    return function enter(phase, vm) {
      const { words, phaseWord, vmWord } = fixed;
      words[phaseWord] = phase;
      words[vmWord] = vm;
    };
  }

  /** Whose code a thread runs, and for which VM. */
  phase(thread: number): { phase: Phase; vm: number } {
    const phase = Atomics.load(this.words, thread * THREAD_WORDS + Word.Phase) as Phase;
    return { phase, vm: Atomics.load(this.words, thread * THREAD_WORDS + Word.Vm) };
  }

  /** True while a thread sleeps or is about to. */
  isSleeping(thread: number): boolean {
    return Atomics.load(this.words, thread * THREAD_WORDS + Word.Sleeping) === 1;
  }

  /** Announces sleep; the caller must look for work once more before it calls `sleep`. */
  aboutToSleep(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + Word.Sleeping, 1);
  }

  /** Says that a thread no longer sleeps. */
  awake(thread: number): void {
    Atomics.store(this.words, thread * THREAD_WORDS + Word.Sleeping, 0);
  }

  /** Resolves when the thread is woken or the time is up. The event loop goes on, so that a driver can wake it too. */
  async sleep(thread: number, timeoutMs: number): Promise<void> {
    const wait = Atomics.waitAsync(this.words, thread * THREAD_WORDS + Word.Sleeping, 1, timeoutMs);
    if (wait.async) await wait.value;
    this.awake(thread);
  }

  /** Blocks until the thread is woken or the time is up: exact to some 50 µs, but the event loop stands still. */
  nap(thread: number, timeoutMs: number): void {
    Atomics.wait(this.words, thread * THREAD_WORDS + Word.Sleeping, 1, timeoutMs);
    this.awake(thread);
  }

  /** Wakes a thread if it sleeps. Notifying one that does not costs 49 ns, hence the flag. */
  wake(thread: number): void {
    const word = thread * THREAD_WORDS + Word.Sleeping;
    if (Atomics.load(this.words, word) !== 1) return;
    Atomics.store(this.words, word, 0);
    Atomics.notify(this.words, word);
  }
}
