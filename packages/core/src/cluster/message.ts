import { FairleadError, type Static, Type } from '@fairlead/sdk';
import { checkValue } from '../plugins/schema-values.ts';

/** A question or answer is no longer than this: registries carry up to 1 MiB, of which frames take most. */
const MAX_MESSAGE_BYTES = 512 * 1024;
const MAX_FRAMES = 65_536;

const name = Type.String({ minLength: 1, maxLength: 63 });
const id = Type.String({ minLength: 1, maxLength: 200 });
const rate = Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description: 'null: no bound' });
const about = { id, vm: name };

/** What one host asks another. */
const questionSchema = Type.Union([
  Type.Object({
    ask: Type.Literal('prepare'),
    ...about,
    mac: Type.String({ maxLength: 17 }),
    from: name,
    by: Type.Union([Type.Literal('operator'), Type.Literal('responder')]),
    cause: Type.String({ maxLength: 1000 }),
    /** How often it has been migrated lately, this time included. */
    moves: Type.Integer({ minimum: 1, maximum: 1e6 }),
    /** An operator has suspended it. */
    byHand: Type.Boolean(),
    allocation: Type.Object({
      reservationBps: Type.Number({ minimum: 0 }),
      limitBps: rate,
      peakBps: rate,
      burstBytes: Type.Number({ minimum: 0 }),
      shares: Type.Number({ exclusiveMinimum: 0 }),
      priority: Type.Integer({ minimum: 0, maximum: 255 }),
    }),
  }),
  /** The frames behind it: `outbound` of them were to be sent, the rest were to be received. */
  Type.Object({
    ask: Type.Literal('frames'),
    ...about,
    part: Type.Integer({ minimum: 0, maximum: MAX_FRAMES }),
    outbound: Type.Integer({ minimum: 0, maximum: MAX_FRAMES }),
  }),
  Type.Object({ ask: Type.Literal('settle'), ...about }),
  Type.Object({ ask: Type.Literal('dismiss'), ...about }),
  Type.Object({ ask: Type.Literal('whereabouts'), vm: name }),
]);
export type Question = Static<typeof questionSchema>;
export type Prepare = Extract<Question, { ask: 'prepare' }>;

/** Where a VM is, as a host says: it runs there or is suspended; it is on its way there, or from there; it is not. */
export type Whereabouts = 'here' | 'coming' | 'leaving' | 'gone';

const answerSchema = Type.Object({
  address: Type.Optional(Type.String({ maxLength: 1000 })),
  where: Type.Optional(
    Type.Union([Type.Literal('here'), Type.Literal('coming'), Type.Literal('leaving'), Type.Literal('gone')]),
  ),
  /** Why it was not done. */
  refused: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type HostAnswer = Static<typeof answerSchema>;

/** What is said, and the frames behind it. */
export interface Message<T> {
  readonly said: T;
  readonly frames: readonly Uint8Array[];
}

/**
 * ```
 *  │ bytes of JSON, u32 │ JSON … │ bytes of a frame, u32 │ frame … │ …        (big-endian)
 * ```
 */
export function encode(said: object, frames: readonly Uint8Array[] = []): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(said));
  const parts = [json, ...frames];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** @throws FairleadError `FAIRLEAD_ERR_REGISTRY` when the bytes are no such message: they come from another host. */
function decode<T>(bytes: Uint8Array, schema: object): Message<T> {
  if (bytes.length > 2 * MAX_MESSAGE_BYTES) throw unreadable(`${bytes.length} bytes are too many`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw unreadable('it is cut off');
    parts.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [json, ...frames] = parts;
  if (json === undefined || frames.length > MAX_FRAMES) throw unreadable('it says nothing, or too much');
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw unreadable((cause as Error).message);
  }
  const { value, complaints } = checkValue(schema, said, 'FAIRLEAD_ERR_REGISTRY');
  const [first] = complaints;
  if (first !== undefined) throw unreadable(`${first.path}: ${first.what}`);
  return { said: value as T, frames };
}

export const decodeQuestion = (bytes: Uint8Array): Message<Question> => decode(bytes, questionSchema);
export const decodeAnswer = (bytes: Uint8Array): HostAnswer => decode<HostAnswer>(bytes, answerSchema).said;

/** Frames in messages of bounded length, those to be sent before those to be received. */
export function* frameMessages(
  at: { readonly id: string; readonly vm: string },
  outbound: readonly Uint8Array[],
  inbound: readonly Uint8Array[],
): Generator<Uint8Array> {
  const all = [...outbound, ...inbound];
  let part = 0;
  for (let from = 0; from < all.length; part++) {
    let to = from;
    let bytes = 0;
    while (to < all.length && (to === from || bytes + (all[to] as Uint8Array).length + 4 <= MAX_MESSAGE_BYTES - 1024)) {
      bytes += (all[to] as Uint8Array).length + 4;
      to++;
    }
    const said = { ask: 'frames', ...at, part, outbound: Math.max(0, Math.min(to, outbound.length) - from) };
    yield encode(said, all.slice(from, to));
    from = to;
  }
}

function unreadable(why: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_REGISTRY', `what another host said cannot be read: ${why}`, {
    mend: 'run the same version on both hosts',
  });
}
