/**
 * What an administrator does with functions: claims, the tool stack that gives them to guests and takes them back, and
 * on the embedded Xen the guests, up to a whole host in one process. Knows the pool and Xen's platform; the commands and
 * the owner's socket call it.
 */
export { Adoption, type Adopted, type AdoptionOptions, type PlannedAdoption } from './adoption.js';
export type { AttachedFunction, AttachOptions, AttachReport } from './attach.js';
export { Attachments, type AttachmentsOptions, type DetachOptions } from './attachments.js';
export type { DetachReport } from './detach.js';
export { EmbeddedHost, type EmbeddedHostOptions } from './embedded-host.js';
export {
  ExportRefusedError,
  FrontEndFixedError,
  FunctionNamedTwiceError,
  FunctionNameUnknownError,
  FunctionNotAttachedError,
  FunctionsRefusedError,
  GuestGoneError,
  GuestNotPreparedError,
  GuestNotPvError,
  GuestRunningError,
  GuestUnknownError,
  MachineNotMappableError,
  PairChangedError,
  PairClosedError,
  PairSilentError,
  type SeenStates,
} from './errors.js';
export * from './findings/index.js';
export { endDmaBeforeReset } from './function-dma.js';
export type { Guest } from './guests.js';
export { claimHidden, describeHideOutcome, hideOutcomeData, type HideOutcome } from './hide-at-start.js';
export { CLAIM_PURPOSES, ClaimPurposeError, type ClaimPurpose } from './claim-purpose.js';
export { HostClaims, XEN_HOLDER, type ClaimReport, type PlannedClaims } from './host-claims.js';
export {
  describeEnd,
  describeFault,
  describeHostEvent,
  hostEventData,
  type HostEvent,
} from './host-events.js';
export { functionUser } from './function-user.js';
export { inspect, inspectPlatform, type Inspection, type InspectionOptions } from './inspection.js';
export {
  GuestOptionsError,
  LocalGuests,
  type GuestEvent,
  type GuestInfo,
  type GuestOptions,
} from './local-guests.js';
export {
  accessRegisters,
  DecodingOffError,
  type RegisterAccessOptions,
  type RegisterOperation,
} from './register-access.js';
export * from './plan/index.js';
export * from './policies/index.js';
export { RecoveryResponses, type RecoveryResponsesOptions } from './recovery-responses.js';
export * from './desired/index.js';
export * from './names/index.js';
export type { BackEndKnowledge, FrontEndKind, ToolStackOptions } from './tool-stack.js';
export * from './files/index.js';
export * from './hide/index.js';
