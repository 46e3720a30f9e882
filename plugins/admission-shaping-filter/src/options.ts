import { Rate, Size, type Static, Type } from '@fairlead/sdk';
import { MAX_DEPTH_BYTES } from './earnings.ts';

const action = (description: string, fallback: 'admit' | 'drop') =>
  Type.Union([Type.Literal('admit'), Type.Literal('queue'), Type.Literal('drop')], { default: fallback, description });

/** Options of the shaping filter. What a VM's row says (limit, peak, burst) goes before what is said here. */
export const options = Type.Object(
  {
    averageBps: Rate({ default: 0, description: 'Average rate of a VM that has no limit of its own; 0: none.' }),
    peakBps: Rate({ default: 0, description: 'Peak rate of a VM that has no peak of its own; 0: none.' }),
    burstBytes: Size({
      default: 65536,
      minimum: 1,
      maximum: MAX_DEPTH_BYTES,
      description: 'Bytes that a VM with no burst of its own may send at once after a rest.',
    }),
    peakBurstBytes: Size({
      default: 0,
      maximum: MAX_DEPTH_BYTES,
      description: 'Bytes by which a VM may run ahead of its peak rate, beyond one frame; 0: frames are evenly spaced.',
    }),
    mode: Type.Union([Type.Literal('queue'), Type.Literal('police')], {
      default: 'queue',
      description: 'What the token bucket does with a frame that does not conform: leave it waiting, or drop it.',
    }),
    framesPerSecond: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1e9,
      description: 'Frames of a VM in a second, beside the rates; 0: any number.',
    }),
    burstFrames: Type.Integer({
      default: 64,
      minimum: 1,
      maximum: 65_536,
      description: 'Frames that a VM may send at once after a rest, where framesPerSecond is given.',
    }),
    queueFrames: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 65_536,
      description:
        'Frames of a VM that may wait; of those beyond the oldest are dropped. 0: as many as its ring holds.',
    }),
    groups: Type.Array(Type.Array(Type.String(), { minItems: 1 }), {
      default: [],
      description: 'VMs, by name, that share one budget: that of the first.',
    }),
    overheadBytes: Size({
      default: 0,
      maximum: 1024,
      description: 'Charged for each frame beyond its length: 20 for preamble and gap, 24 with the FCS.',
    }),
    meter: Type.Union(
      [Type.Literal('token-bucket'), Type.Literal('srtcm'), Type.Literal('trtcm'), Type.Literal('trtcm-4115')],
      { default: 'token-bucket', description: 'Token bucket, or a meter of RFC 2697, RFC 2698 or RFC 4115.' },
    ),
    cirBps: Rate({ default: 0, description: 'Meters: committed rate of a VM that has no limit of its own; 0: none.' }),
    cbsBytes: Size({
      default: 65536,
      maximum: MAX_DEPTH_BYTES,
      description: 'Meters: committed burst of a VM that has no burst of its own.',
    }),
    ebsBytes: Size({ default: 65536, maximum: MAX_DEPTH_BYTES, description: 'srtcm, trtcm-4115: excess burst.' }),
    pirBps: Rate({ default: 0, description: 'trtcm: peak rate of a VM that has no peak of its own; 0: none.' }),
    pbsBytes: Size({ default: 65536, maximum: MAX_DEPTH_BYTES, description: 'trtcm: peak burst.' }),
    eirBps: Rate({ default: 0, description: 'trtcm-4115: excess rate.' }),
    yellow: action('Meters: what is done with a yellow frame.', 'admit'),
    red: action('Meters: what is done with a red frame.', 'drop'),
  },
  { additionalProperties: false },
);

/** The options, with defaults in place: rates in bit/s, sizes in bytes. */
export type ShapingOptions = Static<typeof options>;
