/**
 * Functions hidden from the host's drivers at its next boot, and shown again: edits of the files that the boot reads,
 * planned before anything is changed. Knows the readers of boot files and the replacement of files.
 */
export {
  HiddenUnreadableError,
  HideFileAbsentError,
  HideFileElsewhereError,
  HideFileKindError,
  HideTakesOthersError,
} from './errors.js';
export { hiddenIn, type HiddenEntry } from './hidden-records.js';
export { FREEBSD_KEEPERS, HIDE_SYSTEMS, type FreebsdKeeper, type HideSystem } from './hide-system.js';
export { planHide, type FileEdit, type HidePlan, type HideWish } from './plan-hide.js';
