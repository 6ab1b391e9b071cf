/**
 * Changes of a host: steps as data with their undo, journaled before they happen, so that whatever stops a change, it is
 * finished or taken back. Knows the vocabulary's errors and no function: pool, admin and the boot files bring the steps.
 */
export type { Step, StepPerformer } from './step.js';
