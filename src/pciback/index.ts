/**
 * The back end: gives pool functions to guests, on a virtual bus, with a policy between guest and hardware.
 * Knows the pool, the port and Xen's platform interface; never which machine or which Xen it runs on.
 */
export {
  ACCESS_OUTCOMES,
  AccessTrace,
  type AccessOutcome,
  type TracedAccess,
  type TracedAccesses,
} from './access-trace.js';
export { Backend } from './backend.js';
export { GuestRecordUnreadableError, GuestWriteDeniedError, InterruptRefusedError } from './errors.js';
export { describeEvent, eventData, type PcibackEvent } from './events.js';
export { ExportedFunction, type ExportLife, type RefusedWrite } from './exported-function.js';
export { GuestRecord, type ExportRecord, type GuestRecords, type InterruptsRecord } from './guest-record.js';
export { FileGuestRecords, MemoryGuestRecords } from './guest-record-files.js';
export { type FrontEndKind } from './front-end-kind.js';
export { GuestTrace, type TracedFunction } from './guest-trace.js';
export type { BackendPhase } from './handshake.js';
export { OperationHandler } from './operation-handler.js';
export { Pciback, XEN_HOLDER, type PcibackOptions } from './pciback.js';
export {
  DEFAULT_ALLOWED,
  DEFAULT_POLICY,
  defaultName,
  isKept,
  KEPT_RULES,
  parseUnnamedPlace,
  policyAllowing,
  UNSAID,
  type FunctionPolicy,
  type Policy,
  type PolicyRule,
  type UnnamedPlace,
} from './policy.js';
export { type ErrorPolicy, type RecoveryOptions } from './recovery-options.js';
export { StageClock, type Stage } from './stage-clock.js';
export { RealAddresses } from './real-addresses.js';
export { type Topology, type TopologyName } from './topology.js';
export { VirtualBus } from './virtual-bus.js';
