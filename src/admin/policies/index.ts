/**
 * What guests do to configuration space, and what they may: traces, policies that are learned from them, and policies
 * that are kept for devices. Knows the back end and its policy; what to do with either is the owner's.
 */
export {
  AccessReader,
  fieldName,
  type AccessReading,
  type AskedChange,
  type NamedField,
} from './access-reading.js';
export { DevicePolicies, deviceIdsText, type DeviceIds } from './device-policies.js';
export * from './errors.js';
export { GuestTraces, type TraceAnswer, type TracedFunctionData, type TraceFetch } from './guest-traces.js';
export { learnPolicies, policyText, type LearnedEntry, type LearnedPolicy } from './learn-policy.js';
export { checkPolicy, type PolicyFinding } from './policy-check.js';
export { checkDevice, deviceOf, functionPolicy, PolicyChoice } from './policy-choice.js';
export { allowedNames, parsePolicy, type PolicyDocument, type PolicyEntry } from './policy-document.js';
export { dataOf, policyOption, policyState, type PolicyData, type PolicyState } from './policy-state.js';
export { fieldWord, FunctionActivity, TraceSummary, valuesText, type WrittenField } from './trace-summary.js';
export {
  parseTrace,
  traceHead,
  traceLines,
  TraceMalformedError,
  type TraceHead,
  type TracePart,
} from './trace-text.js';
