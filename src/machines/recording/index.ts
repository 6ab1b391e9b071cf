/**
 * Recordings as files: a machine that is recorded into one, and the machine `replay:FILE` that answers from one.
 * Knows `function` and `pci`; knows no other machine.
 */
export {
  RecordedRefusal,
  RecordingFileError,
  RecordingMalformedError,
  RecordingTruncatedError,
  ReplayDiffersError,
} from './errors.js';
export { recordMachine } from './recording-file.js';
export { ReplayMachine } from './replay-machine.js';
