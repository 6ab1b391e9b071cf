/**
 * What stands between a host and handing its functions over: checks from firmware to what openslot left behind, each a
 * pure function of the host's files and of facts. It reads through an interface that a command gives, so a tree that was
 * saved of another host is examined the same way; nothing is changed, and nothing is known of processes and sockets.
 */
export { LAYERS, PURPOSES, type Check, type Layer, type Purpose } from './check.js';
export { CHECKS } from './checks/index.js';
export {
  diagnose,
  type Cause,
  type CheckResult,
  type Diagnosis,
  type DiagnosisOptions,
  type PurposeResult,
} from './diagnose.js';
export type {
  DoctorFacts,
  ExaminedUser,
  FunctionFinding,
  HiddenRecord,
  Leftovers,
  RecordedClaim,
  XenAnswers,
} from './facts.js';
export type { FileReading, FileStatus, HostFiles } from './host-files.js';
