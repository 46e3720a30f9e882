import type { Composition, Host } from '@fairlead/core';
import type { Output } from '../output.ts';
import { eventJson, eventLine, rateJson, rateLine } from '../view/lines.ts';
import { renderScreen } from '../view/screen.ts';
import { Terminal, type TerminalStreams } from '../view/terminal.ts';
import type { EventQueue, HappenedEvent } from './events.ts';
import { History } from './history.ts';
import { Sampler } from './sample.ts';

/** A running host, as it is watched. */
export interface Watched {
  readonly host: Host;
  readonly composition: Composition;
  readonly events: EventQueue;
}

/** Shows a running host until it is told to stop. */
export interface Monitor {
  stop(): void;
}

const LINE_EVERY_MS = 1000;
const SCREEN_EVERY_MS = 250;
const EVENTS_KEPT = 50;

/** A line a second, and one for each event. */
export function showLines({ host, composition, events }: Watched, output: Output, json: boolean): Monitor {
  const sampler = new Sampler(host, composition);
  const history = new History(LINE_EVERY_MS * 900);
  history.add(sampler.take());
  events.drainTo((event) => {
    if (json) output.print(eventJson(event));
    else if (event.grave) output.tell(eventLine(event));
    else output.print(eventLine(event));
  });
  const timer = setInterval(() => {
    const rates = history.add(sampler.take());
    output.print(json ? rateJson(rates) : rateLine(rates));
  }, LINE_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

/** What a live screen says and does. */
export interface ScreenOptions {
  readonly title: string;
  /** Said at the bottom. */
  readonly keys: string;
  readonly pressed: (key: string) => void;
}

/** A live screen on a terminal. */
export function showScreen(watched: Watched, streams: TerminalStreams, options: ScreenOptions): Monitor {
  const { host, composition } = watched;
  const { title, keys, pressed } = options;
  const sampler = new Sampler(host, composition);
  const history = new History(1_000_000);
  const events: HappenedEvent[] = [];
  const terminal = new Terminal(streams, (key) => {
    pressed(key);
    draw();
  });
  const draw = (): void => {
    const rates = history.add(sampler.take());
    const costs = host.costs();
    terminal.show(renderScreen({ title, rates, events, costs, keys }, terminal.columns, terminal.rows));
  };
  watched.events.drainTo((event) => {
    events.push(event);
    if (events.length > EVENTS_KEPT) events.shift();
  });
  terminal.enter();
  draw();
  const timer = setInterval(draw, SCREEN_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      terminal.leave();
    },
  };
}
