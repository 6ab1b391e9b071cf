/** A step: one mutation of a host, as data, so that another process can undo it. */

/** What a journal can keep: plain JSON. `kind` names who performs it. */
export interface Step {
  readonly kind: string;
  /**
   * What it is about: an address, a file. Steps about one thing stand on each other: where one of them cannot be undone,
   * those before it are left, and steps about other things are undone all the same.
   */
  readonly subject: string;
}

/**
 * Performs the steps of one kind. Both ways are safe to repeat, and to be stopped at any point: what is done already is
 * left, and undoing what was never begun does nothing.
 */
export interface StepPerformer<Data extends Step = Step> {
  readonly kind: Data['kind'];
  /** What it does, in words, as a plan lists it: `unbind 0000:0a:00.0 from e1000e`. */
  describe(step: Data): string;
  /** How it is taken back, in words; undefined where nothing has to be. */
  describeUndo(step: Data): string | undefined;
  apply(step: Data): void | Promise<void>;
  undo(step: Data): void | Promise<void>;
}
