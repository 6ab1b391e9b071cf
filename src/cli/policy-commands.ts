/** What `openslot policy` does with policies that are there: show, check, set, remove. */
import {
  checkDevice,
  checkPolicy,
  dataOf,
  deviceIdsText,
  type DeviceIds,
  functionPolicy,
  parsePolicy,
  type PolicyData,
  type PolicyFinding,
  type PolicyState,
} from '../admin/policies/index.js';
import { askOwner, OwnerUnreachableError, machineFiles, type Wire } from '../owner/index.js';
import { DEFAULT_ALLOWED, KEPT_RULES, UNSAID } from '../pciback/index.js';
import { chosenMachine, machineOfItsOwn } from './machine-option.js';
import { functionNamed } from './named-function.js';
import type { PolicyOptions } from './policy.js';
import { readPolicyFile } from './policy-file.js';
import { policySubject } from './policy-subject.js';
import { keptPolicies, soundPolicy } from './sound-policy.js';

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** What is kept, device by device. */
export function listPolicies({ json }: PolicyOptions): void {
  const paths = keptPolicies().list();
  if (json) print([JSON.stringify(paths)]);
  else print(paths.length === 0 ? ['no policy is kept: guests may write what the default allows'] : paths);
}

export async function showPolicy(text: string, options: PolicyOptions): Promise<void> {
  const address = await functionNamed(text, options);
  const { device } = await policySubject(options, address);
  const state = (await stateAtOwner(options, String(address))) ?? { inForce: null, next: keptFor(device) };
  if (options.json) {
    print([JSON.stringify({ address: String(address), ...device, ...state })]);
    return;
  }
  const { inForce, next } = state;
  print([`${String(address)} is ${deviceIdsText(device)}`]);
  if (inForce !== null) {
    print([`guest ${inForce.guest} has it, by the policy ${inForce.source}:`, ...allowedLines(inForce)]);
    if (inForce.source === next.source && String(inForce.allowed) === String(next.allowed)) return;
  }
  print([`the next guest gets it by the policy ${next.source}:`, ...allowedLines(next)]);
}

function keptFor(device: DeviceIds): PolicyData {
  const found = keptPolicies().get(device);
  return dataOf(found === undefined ? UNSAID : functionPolicy(found.policy, device));
}

/** Undefined where nobody owns the machine, or it can have no guest. */
async function stateAtOwner(options: PolicyOptions, address: string): Promise<Wire<PolicyState> | undefined> {
  if (machineOfItsOwn(options) !== undefined) return undefined;
  const { socket } = machineFiles(chosenMachine(options).name);
  try {
    return await askOwner(socket, 'policy', { address });
  } catch (error) {
    if (error instanceof OwnerUnreachableError && error.code === 'OWNER_ABSENT') return undefined;
    throw error;
  }
}

function allowedLines({ allowed }: Wire<PolicyData>): readonly string[] {
  const names = allowed ?? Object.keys(DEFAULT_ALLOWED);
  return [
    ...(names.length === 0 ? ['  nothing is allowed'] : names.map((name) => `  ${name}`)),
    `  and openslot’s own: ${Object.keys(KEPT_RULES).join(', ')}`,
  ];
}

export async function checkPolicyFile(
  file: string,
  text: string | undefined,
  options: PolicyOptions,
): Promise<void> {
  const { text: content } = readPolicyFile(file);
  const policy = parsePolicy(content, file);
  const subject =
    text === undefined ? undefined : await policySubject(options, await functionNamed(text, options));
  if (subject !== undefined) checkDevice(policy, subject.device);
  const findings = checkPolicy(policy, subject?.registers);
  if (options.json) print([JSON.stringify(findings)]);
  else {
    print(findings.map((finding) => findingLine(file, finding)));
    const [allow, dangerous] = [policy.allow.length, policy.dangerous.length];
    print([`${file}: ${allow} allowed, and ${dangerous} that are dangerous`]);
  }
  if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;
}

function findingLine(file: string, { severity, code, line, message }: PolicyFinding): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${severity}: ${code}: ${message}`;
}

export async function setPolicy(text: string, file: string, options: PolicyOptions): Promise<void> {
  const subject = await policySubject(options, await functionNamed(text, options));
  const { text: content, findings } = soundPolicy(file, subject);
  const path = keptPolicies().set(subject.device, content);
  for (const finding of findings) process.stderr.write(`${findingLine(file, finding)}\n`);
  print([
    `${path} is what guests may write in ${deviceIdsText(subject.device)}, from the next attachment on`,
  ]);
}

export async function removePolicy(text: string, options: PolicyOptions): Promise<void> {
  const address = await functionNamed(text, options);
  const { device } = await policySubject(options, address);
  const path = keptPolicies().remove(device);
  print([`${path} is removed: ${deviceIdsText(device)} is held to the default from the next attachment on`]);
}
