/** `openslot policy learn`: the policy of a trace, as text. */
import { writeFileSync } from 'node:fs';
import {
  learnPolicies,
  parseTrace,
  PolicyFileError,
  policyText,
  TraceSummary,
  type LearnedPolicy,
} from '../admin/policies/index.js';
import { readGivenFile } from '../durable/index.js';
import { OpenslotError } from '../pci/index.js';
import { followTrace } from './follow-trace.js';
import type { LearnOptions } from './policy.js';

/** Bytes: a trace of a million accesses. */
const LONGEST_TRACE = 256 * 1024 * 1024;

/** A trace has no function that a policy could be learned for, or several, and nobody says which. */
export class PolicyNotLearnedError extends OpenslotError {
  readonly code = 'POLICY_NOT_LEARNED';
  constructor(from: string, devices: readonly string[], wanted: string | undefined) {
    const [first] = devices;
    super(
      first === undefined
        ? `${from} has no function: nothing can be learned from it`
        : `${from} has ${devices.join(', ')}: ${wanted === undefined ? 'a policy is for one device' : `no ${wanted}`}`,
      { from, devices },
      first === undefined
        ? 'trace a guest that has one, from before its driver starts'
        : `openslot policy learn … --device ${first}`,
    );
  }
}

export async function learn(trace: string | undefined, options: LearnOptions): Promise<void> {
  const { summary, from } = trace === undefined ? await traced(options) : saved(trace);
  const policy = chosen(learnPolicies(summary), from, options.device);
  const text = policyText(policy, from);
  if (options.output === undefined) process.stdout.write(text);
  else write(options.output, text);
  for (const doubt of policy.doubts) process.stderr.write(`note  ${doubt}\n`);
  if (options.output !== undefined)
    process.stderr.write(
      `${options.output}: ${policy.allow.length} allowed, ${policy.dangerous.length} dangerous and left out;` +
        ' review it before you set it\n',
    );
}

interface Learned {
  readonly summary: TraceSummary;
  /** What it was learned from, in words. */
  readonly from: string;
}

async function traced(options: LearnOptions): Promise<Learned> {
  const summary = new TraceSummary();
  let from = '';
  await followTrace(options.guest ?? '', options, ({ head, machine, part }) => {
    if (head !== undefined) {
      from = `guest ${head.name} on ${machine}`;
      process.stderr.write(`tracing guest ${head.name} (${head.domain}): Ctrl-C ends it\n`);
    }
    summary.add(part);
  });
  return { summary, from };
}

function saved(file: string): Learned {
  let text: string;
  try {
    text = readGivenFile(file, 'utf8', LONGEST_TRACE);
  } catch (cause) {
    throw new PolicyFileError('read', file, cause, 'trace');
  }
  const { head, parts } = parseTrace(text, file);
  const summary = new TraceSummary();
  for (const part of parts) summary.add(part);
  return { summary, from: `guest ${head.guest.name} on ${head.machine}` };
}

function chosen(policies: readonly LearnedPolicy[], from: string, wanted: string | undefined): LearnedPolicy {
  const fitting = policies.filter(({ device }) => wanted === undefined || device === wanted.toLowerCase());
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) {
    const devices = policies.map(({ device }) => device);
    throw new PolicyNotLearnedError(from, devices, wanted);
  }
  return only;
}

function write(file: string, text: string): void {
  try {
    // Somebody may have reviewed and changed what is there.
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    throw new PolicyFileError('written', file, cause);
  }
}
