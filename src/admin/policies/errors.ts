/** Refusals of policies: of their text, of what they say, and of where they are kept. */
import { messageOf, OpenslotError } from '../../pci/index.js';
import type { PolicyFinding } from './policy-check.js';

/** A text is no policy. */
export class PolicyMalformedError extends OpenslotError {
  readonly code = 'POLICY_MALFORMED';
  constructor(file: string, line: number | undefined, why: string) {
    const place = line === undefined ? file : `${file}, line ${line}`;
    super(
      `${place}: ${why}`,
      { file, why, ...(line === undefined ? {} : { line }) },
      'docs/policy.md shows one; write one: openslot policy learn TRACE',
    );
  }
}

/** A policy says what it must not, or what cannot be. All that was found is told at once. */
export class PolicyUnsoundError extends OpenslotError {
  readonly code = 'POLICY_UNSOUND';
  constructor(file: string, findings: readonly PolicyFinding[]) {
    const texts = findings.map(
      ({ line, message }) => `${line === undefined ? '' : `line ${line}: `}${message}`,
    );
    super(
      `the policy in ${file} cannot be used: ${texts.join('; ')}`,
      { file, findings: findings.map(({ code, name }) => `${code}: ${name}`) },
      `openslot policy check ${file}`,
    );
  }
}

/** The policy is of another device. */
export class PolicyOtherDeviceError extends OpenslotError {
  readonly code = 'POLICY_OTHER_DEVICE';
  constructor(file: string, wanted: string, found: string) {
    super(
      `the policy in ${file} is for ${wanted}, and this function is ${found}`,
      { file, wanted, found },
      'learn one from a guest that has this device, or review the policy and change its device',
    );
  }
}

/** No policy is kept for a device. */
export class PolicyAbsentError extends OpenslotError {
  readonly code = 'POLICY_ABSENT';
  constructor(device: string, path: string) {
    super(
      `no policy is kept for ${device}: guests may write what the default allows`,
      { device, path },
      'what that is: openslot policy show ADDRESS',
    );
  }
}

/** A file of a policy, or the folder where policies are kept, cannot be read or written. */
export class PolicyFileError extends OpenslotError {
  readonly code = 'POLICY_FILE';
  constructor(
    doing: 'read' | 'written' | 'removed',
    path: string,
    cause: unknown,
    of: 'policy' | 'trace' = 'policy',
  ) {
    const why = (cause as NodeJS.ErrnoException).code ?? messageOf(cause);
    super(
      `the ${of} cannot be ${doing}: ${path}: ${why}`,
      { path, why },
      doing === 'read'
        ? `look at ${path}`
        : why === 'EEXIST'
          ? 'name another file: what is there may have been reviewed'
          : 'run the command as root, or name a directory of your own in OPENSLOT_STATE_DIR',
      { cause },
    );
  }
}
