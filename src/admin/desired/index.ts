/** A desired state: its form, and what a host lacks of it. Does no I/O and asks nobody. */
export { desiredStateJsonSchema, type DesiredState, type WantedFunction } from './desired-state.js';
export { parseDesiredState, type DesiredText } from './desired-text.js';
export {
  differenceLines,
  differenceOf,
  type Deed,
  type Difference,
  type FoundFunction,
  type PresentGuest,
  type WantedPolicy,
} from './difference.js';
export {
  ApplyHalfDoneError,
  DesiredStateConflictError,
  DesiredStateError,
  DesiredStateUnreadableError,
  type Conflict,
  type DesiredStateFault,
} from './errors.js';
