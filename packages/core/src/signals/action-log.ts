import type { ActionRecord, ActionState } from './action-record.ts';

const MAX_KEPT = 1024;

/** What is known of an action when it begins. */
export type NewRecord = Omit<ActionRecord, 'id' | 'endedAtUs' | 'trouble'>;

/** Every action that stands, the latest of those that do not any more, and who wants to hear of them. */
export class ActionLog {
  readonly #tell: (record: ActionRecord) => void;
  readonly #standing = new Map<number, ActionRecord>();
  readonly #ended: ActionRecord[] = [];
  #lastId = 0;

  constructor(tell: (record: ActionRecord) => void) {
    this.#tell = tell;
  }

  get standing(): ActionRecord[] {
    return [...this.#standing.values()];
  }

  /** The oldest first, by when they were taken. */
  get history(): ActionRecord[] {
    return [...this.#ended, ...this.#standing.values()].sort((a, b) => a.id - b.id);
  }

  /** Writes down what was taken, or withheld; returns its number. */
  add(record: NewRecord): number {
    const id = ++this.#lastId;
    const whole = { ...record, id, endedAtUs: undefined, trouble: undefined };
    if (record.state === 'standing') this.#standing.set(id, whole);
    else this.#keep(whole);
    this.#tell(whole);
    return id;
  }

  /** An action stands no more. */
  end(id: number, state: ActionState, endedAtUs: number, trouble: string | undefined): void {
    const record = this.#standing.get(id);
    if (record === undefined) return;
    this.#standing.delete(id);
    const ended = { ...record, state, endedAtUs, trouble };
    this.#keep(ended);
    this.#tell(ended);
  }

  #keep(record: ActionRecord): void {
    this.#ended.push(record);
    if (this.#ended.length > MAX_KEPT) this.#ended.shift();
  }
}
