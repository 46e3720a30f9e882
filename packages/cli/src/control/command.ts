import type { Composition, Host } from '@fairlead/core';
import type { OptionsSchema, Static } from '@fairlead/sdk';

/** A running host, as its control socket sees it. */
export interface Controlled {
  readonly host: Host;
  readonly composition: Composition;
  /** Name of the configuration file. */
  readonly name: string;
}

/** One thing that may be asked of a running host. */
export interface ControlCommand<S extends OptionsSchema = OptionsSchema> {
  /** Words joined by a dot, as `shadow.report`. */
  readonly name: string;
  /** What `args` must look like; quantities in it may have a unit. */
  readonly args: S;
  /** Answers with a value that JSON can express. What it throws is the answer, too. */
  run(controlled: Controlled, args: Static<S>): unknown;
}

/** Declares a command, so that the compiler knows its arguments by its schema. */
export function controlCommand<S extends OptionsSchema>(command: ControlCommand<S>): ControlCommand {
  return command as unknown as ControlCommand;
}
