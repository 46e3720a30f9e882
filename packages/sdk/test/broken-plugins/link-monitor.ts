import {
  definePlugin,
  type LinkMonitor,
  type LinkVerdict,
  type MemberPort,
  Members,
  Options,
  type OptionsSchema,
  type PluginClass,
  type PluginDefinition,
  Type,
} from '../../src/index.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugin.ts';

const HELLO_TYPE = 0x88b6;
const WORD = 0x48454c4f;
const SECOND_US = 1_000_000;
const helloOptions = Type.Object({ missed: Type.Integer({ default: 3, minimum: 1, maximum: 10 }) });

/** Says hello over every member once a second, and listens for the hellos of others; a broken one replaces a part. */
class Hello implements LinkMonitor {
  static readonly inject = [Members, Options];
  protected readonly dueUs = new Map<number, number>();
  protected readonly heardUs = new Map<number, number>();
  protected nowUs = 0;

  constructor(
    protected readonly port: MemberPort,
    protected readonly options: { missed: number },
  ) {
    this.listen();
  }

  protected listen(): void {
    this.port.listen(HELLO_TYPE, true);
  }

  protected get linked(): readonly number[] {
    return this.port.members.filter((nic) => this.port.carrier(nic));
  }

  protected hello(nic: number): Uint8Array {
    const frame = new Uint8Array(60).fill(0xff, 0, 6);
    frame.set(this.port.address(nic), 6);
    const view = new DataView(frame.buffer);
    view.setUint16(12, HELLO_TYPE);
    view.setUint32(14, WORD);
    return frame;
  }

  protected greet(nic: number): void {
    if (this.port.send(nic, this.hello(nic))) this.dueUs.set(nic, this.nowUs + SECOND_US);
  }

  poll(nowUs: number): number {
    this.nowUs = nowUs;
    let nextUs = nowUs + SECOND_US;
    for (const nic of this.linked) {
      if (nowUs >= (this.dueUs.get(nic) ?? nowUs)) this.greet(nic);
      nextUs = Math.min(nextUs, this.dueUs.get(nic) ?? nowUs);
    }
    return Math.max(nowUs, nextUs);
  }

  receive(nic: number, frame: Uint8Array, nowUs: number): undefined {
    const isHello = frame.length >= 18 && new DataView(frame.buffer, frame.byteOffset).getUint32(14) === WORD;
    if (isHello) this.heardUs.set(nic, nowUs);
  }

  verdict(nic: number): LinkVerdict {
    const heardUs = this.heardUs.get(nic);
    if (heardUs === undefined) return 'unknown';
    return this.nowUs - heardUs > this.options.missed * SECOND_US ? 'down' : 'up';
  }
}

function named(name: string, implementation: PluginClass<LinkMonitor>, options: OptionsSchema): PluginDefinition {
  const plugin = definePlugin({ kind: 'link-monitor', name, apiVersion: 1, options, implementation });
  return plugin as unknown as PluginDefinition;
}

/** One mistake: a class made anew, so that what it shares starts afresh. */
function broken(law: string, mistake: string, make: () => PluginClass<LinkMonitor>): BrokenPlugin {
  return { law, mistake, plugin: () => named('broken', make(), helloOptions) };
}

export const linkMonitor: BrokenPlugins = {
  right: [() => named('hello', Hello, helloOptions)],
  broken: [
    broken(
      'starts with an empty configuration, and with every option at its bounds',
      'it has no place for ten missed hellos',
      () =>
        class extends Hello {
          constructor(port: MemberPort, options: { missed: number }) {
            super(port, options);
            if (options.missed === 10) throw new RangeError('no place');
          }
        },
    ),
    broken(
      'listens in its constructor and nowhere else',
      'it listens when it is polled first',
      () =>
        class extends Hello {
          protected override listen(): void {}
          override poll(nowUs: number): number {
            super.listen();
            return super.poll(nowUs);
          }
        },
    ),
    broken(
      'says up, down, ambiguous or unknown of any NIC at any time',
      'it has nothing to say of a NIC that is no member',
      () =>
        class extends Hello {
          override verdict(nic: number): LinkVerdict {
            return this.port.members.includes(nic) ? super.verdict(nic) : (undefined as unknown as LinkVerdict);
          }
        },
    ),
    broken(
      'asks to be polled now, later or never',
      'it asks for the time that it wants to wait',
      () =>
        class extends Hello {
          override poll(nowUs: number): number {
            return super.poll(nowUs) - nowUs - 1;
          }
        },
    ),
    broken(
      'sends frames of 60 to 1514 bytes, each from the address of its NIC',
      'it sends all hellos from one address',
      () =>
        class extends Hello {
          protected override hello(nic: number): Uint8Array {
            const frame = super.hello(nic);
            frame.set(this.port.address(99), 6);
            return frame;
          }
        },
    ),
    broken(
      'sends a bounded number of frames in one call',
      'it says hello a hundred times, to be sure',
      () =>
        class extends Hello {
          protected override greet(nic: number): void {
            for (let i = 0; i < 100; i++) super.greet(nic);
          }
        },
    ),
    broken(
      'tries again what there was no room for',
      'it gives up a NIC that was full once',
      () =>
        class extends Hello {
          protected override greet(nic: number): void {
            const taken = this.port.send(nic, this.hello(nic));
            this.dueUs.set(nic, taken ? this.nowUs + SECOND_US : Number.MAX_VALUE);
          }
        },
    ),
    broken(
      'goes on when members leave, come and lose their link',
      'it keeps the members that the team had at first',
      () =>
        class extends Hello {
          readonly #first = [...this.port.members];
          protected override get linked(): readonly number[] {
            return this.#first;
          }
        },
    ),
    broken(
      'survives any frame of 0 to 2048 bytes',
      'it reads a word beyond the end of a short frame',
      () =>
        class extends Hello {
          override receive(nic: number, frame: Uint8Array, nowUs: number): undefined {
            if (new DataView(frame.buffer, frame.byteOffset, frame.length).getUint32(14) === WORD)
              this.heardUs.set(nic, nowUs);
          }
        },
    ),
    broken(
      'takes no other NIC out of service for what a stranger sends on one',
      'it takes what it cannot read on one NIC for a sign that the others are broken',
      () =>
        class extends Hello {
          #strange: number | undefined;
          override receive(nic: number, frame: Uint8Array, nowUs: number): undefined {
            super.receive(nic, frame, nowUs);
            if (this.heardUs.get(nic) !== nowUs) this.#strange = nic;
          }
          override verdict(nic: number): LinkVerdict {
            return this.#strange === undefined || nic === this.#strange ? super.verdict(nic) : 'down';
          }
        },
    ),
    broken(
      'takes a clock that stands still or leaps by hours',
      'it makes up for each hello that it missed',
      () =>
        class extends Hello {
          protected override greet(nic: number): void {
            const missed = (this.nowUs - (this.dueUs.get(nic) ?? this.nowUs)) / SECOND_US;
            for (let i = 0; i <= Math.min(missed, 200); i++) super.greet(nic);
          }
        },
    ),
    broken('decides alike whenever it is made again', 'it numbers its hellos across all instances', () => {
      let sent = 0;
      return class extends Hello {
        protected override hello(nic: number): Uint8Array {
          const frame = super.hello(nic);
          frame[20] = sent++;
          return frame;
        }
      };
    }),
    broken(
      'works alike in two instances, which share nothing',
      'its counter starts anew with each instance, and is one',
      () => {
        let sent = 0;
        return class extends Hello {
          constructor(port: MemberPort, options: { missed: number }) {
            super(port, options);
            sent = 0;
          }
          protected override hello(nic: number): Uint8Array {
            const frame = super.hello(nic);
            frame[20] = sent++;
            return frame;
          }
        };
      },
    ),
  ],
};
