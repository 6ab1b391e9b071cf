/** A policy's file that fits the function it is to be kept for. */
import {
  checkDevice,
  checkPolicy,
  DevicePolicies,
  parsePolicy,
  PolicyUnsoundError,
  type PolicyFinding,
} from '../admin/policies/index.js';
import { stateFiles } from '../owner/state-directory.js';
import { readPolicyFile } from './policy-file.js';
import type { PolicySubject } from './policy-subject.js';

export interface SoundPolicy {
  readonly text: string;
  /** Warnings alone. */
  readonly findings: readonly PolicyFinding[];
}

/** @throws {PolicyFileError | PolicyMalformedError | PolicyOtherDeviceError | PolicyUnsoundError} */
export function soundPolicy(file: string, { device, registers }: PolicySubject): SoundPolicy {
  const { text } = readPolicyFile(file);
  const policy = parsePolicy(text, file);
  checkDevice(policy, device);
  const findings = checkPolicy(policy, registers);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new PolicyUnsoundError(file, errors);
  return { text, findings };
}

/** What this user's openslot keeps for devices. */
export function keptPolicies(): DevicePolicies {
  return new DevicePolicies(stateFiles().policies);
}
