/**
 * Recording as a wrapper of the port: everything that a program asks of a machine, with the answers, in their order. The
 * format's own words are for who writes and replays recordings; the port's index tells of the wrapper alone.
 */
export {
  constraintsOnWire,
  entryText,
  hex,
  isOccurrence,
  RECORDING_VERSION,
  sourceName,
  type AnswerOf,
  type Asked,
  type DeviceFacts,
  type DeviceName,
  type Entry,
  type Header,
  type Hex,
  type Inventory,
  type Occurrence,
  type Question,
  type SourceName,
} from './entry.js';
export { RecordedMachine } from './recorded-machine.js';
export type { RecordingSink } from './recorder.js';
export { ProgramMemory } from './watched-buffer.js';
