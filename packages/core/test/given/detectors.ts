import { type Detector, definePlugin, type ObservedBatch, type PluginNeed, type Signal, Type } from '@fairlead/sdk';

/** What a detector of a test does. */
export interface Watch {
  observe?(batch: ObservedBatch): undefined;
  judge?(nowUs: number): readonly Signal[];
  dispose?(): void;
}

/** A detector that does what a test says. */
export const detector = (name: string, watch: Watch, needs: readonly PluginNeed[] = []) =>
  definePlugin({
    kind: 'detector',
    name,
    apiVersion: 1,
    options: Type.Object({}),
    needs,
    implementation: class implements Detector {
      observe(batch: ObservedBatch): undefined {
        return watch.observe?.(batch);
      }
      judge(nowUs: number): readonly Signal[] {
        return watch.judge === undefined ? [] : watch.judge(nowUs);
      }
      dispose(): undefined {
        watch.dispose?.();
      }
    },
  });

/** A run of frames as a detector was shown it. */
export interface Shown {
  readonly vm: number;
  readonly direction: ObservedBatch['direction'];
  readonly bytes: number;
  readonly frames: readonly Uint8Array[];
}

/** A detector that writes down whatever it is shown. */
export function recorder(name = 'recorder'): { plugin: ReturnType<typeof detector>; shown: Shown[] } {
  const shown: Shown[] = [];
  const observe = ({ vm, direction, bytes, frames }: ObservedBatch): undefined => {
    const copies = Array.from({ length: frames.count }, (_, i) =>
      frames.memory.slice(frames.offset[i] as number, (frames.offset[i] as number) + (frames.bytes[i] as number)),
    );
    shown.push({ vm, direction, bytes, frames: copies });
  };
  return { plugin: detector(name, { observe }), shown };
}

export const attack = (vm: number, atUs: number, more: Partial<Signal> = {}): Signal => ({
  kind: 'attack',
  vm,
  atUs,
  confidence: 0.5,
  evidence: { frames: 1 },
  ...more,
});
