/**
 * What guests do to configuration space, and what they may: traces, policies that are learned from them, and policies
 * that are kept for devices. Knows the back end and its policy; what to do with either is the owner's.
 */
export {
  AccessReader,
  fieldName,
  unnamedPlace,
  type AccessReading,
  type AskedChange,
  type NamedField,
} from './access-reading.js';
export { GuestTraces, type TraceAnswer, type TracedFunctionData, type TraceFetch } from './guest-traces.js';
export {
  fieldWord,
  FunctionActivity,
  MOST_VALUES,
  TraceSummary,
  valuesText,
  type WrittenField,
} from './trace-summary.js';
export {
  parseTrace,
  traceHead,
  traceLines,
  TraceMalformedError,
  type TraceHead,
  type TracePart,
} from './trace-text.js';
