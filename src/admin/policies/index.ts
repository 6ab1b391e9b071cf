/** What guests do to configuration space, and what they may: traces, policies learned from them, and policies kept for devices. */
export {
  GuestTraces,
  type TraceAnswer,
  type TracedFunctionData,
  type TraceFetch,
} from './guest-traces.js';
