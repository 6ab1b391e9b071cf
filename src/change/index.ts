/**
 * Changes of a host: steps as data with their undo, journaled before they happen, so that whatever stops a change, it is
 * finished or taken back. Knows the vocabulary's errors and no function: pool, admin and the boot files bring the steps.
 *
 * `new Changes(journal, performers)` makes a change (`apply`), tells it in words (`describe`), and settles what a dead
 * process left (`recover`). The journal is a {@link ChangeFolder}, used by one process at a time.
 */
export type { Change, UnfinishedChange } from './change.js';
export {
  MemoryChangeJournal,
  type ChangeJournal,
  type LeftChange,
  type OpenChange,
} from './change-journal.js';
export { Changes, type DescribedStep, type Recovery } from './changes.js';
export * from './errors.js';
export { ChangeFolder } from './change-folder.js';
export { stepShape, type Step, type StepPerformer } from './step.js';
