/** A step: one mutation of a host, as data, so that another process can undo it. */
import { z } from 'zod';

/** What a journal can keep: JSON, from which {@link StepPerformer.shape} reads it again. `kind` names who performs it. */
export interface Step {
  readonly kind: string;
  /**
   * What it is about: an address, a file. Steps about one thing stand on each other: where one of them cannot be undone,
   * those before it are left, and steps about other things are undone all the same.
   */
  readonly subject: string;
}

/** What the steps of one kind are in a journal: `fields`, besides what each step has. Anything else is refused. */
export function stepShape<const Kind extends string, Fields extends z.ZodRawShape>(
  kind: Kind,
  fields: Fields,
) {
  return z.strictObject({ kind: z.literal(kind), subject: z.string(), ...fields });
}

/**
 * Performs the steps of one kind. Both ways are safe to repeat, and to be stopped at any point: what is done already is
 * left, and undoing what was never begun does nothing.
 */
export interface StepPerformer<Data extends Step = Step> {
  readonly kind: Data['kind'];
  /** Reads a step that a journal has: no other is performed. */
  readonly shape: z.ZodType<Data>;
  /** What it does, in words, as a plan lists it: `unbind 0000:0a:00.0 from e1000e`. */
  describe(step: Data): string;
  /** How it is taken back, in words; undefined where nothing has to be. */
  describeUndo(step: Data): string | undefined;
  apply(step: Data): void | Promise<void>;
  undo(step: Data): void | Promise<void>;
}
