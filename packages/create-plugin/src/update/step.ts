import type { PackageFiles } from './package-files.ts';

/** One thing that an update does, or leaves to the author. */
export interface Change {
  /** Path within the package; with the line, as `src/index.ts:40`, where a line is meant. */
  readonly where: string;
  readonly what: string;
  /** Left as it is: an author's source, without leave to change it. */
  readonly left?: boolean;
}

/** Brings a package from one scaffold to the next. Each has a file and a test of its own, and never changes again. */
export interface Step {
  /** The scaffold that it leads to, from the one before. */
  readonly to: number;
  /** In a line, what is different. */
  readonly about: string;
  /**
   * Makes the changes in memory, and says which.
   * @param mayEditSource Whether sources and tests, which an author has written on, may be changed.
   * @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_FOLDER` when the package is not what the step begins with.
   */
  apply(files: PackageFiles, mayEditSource: boolean): readonly Change[];
}
