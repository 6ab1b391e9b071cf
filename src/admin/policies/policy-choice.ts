/** Which policy a function of a guest is held to: what its attachment says, else what is kept for the device, else the default. */
import { UNSAID, type FunctionPolicy } from '../../pciback/index.js';
import { idsText, type PciAddress } from '../../pci/index.js';
import type { FunctionSummary, Machine } from '../../function/index.js';
import { FunctionNotFoundError } from '../../function/index.js';
import { PolicyOtherDeviceError, PolicyUnsoundError } from './errors.js';
import { deviceIdsText, type DeviceIds, type DevicePolicies } from './device-policies.js';
import { checkPolicy } from './policy-check.js';
import { allowedNames, type PolicyDocument } from './policy-document.js';

/** The ids of a function as its machine lists it. */
export function deviceOf({ vendor, device, subsystemVendor, subsystemDevice }: FunctionSummary): DeviceIds {
  const subsystem = idsText(subsystemVendor ?? 0, subsystemDevice ?? 0);
  // All zeros are no ids: such a function says nothing of a subsystem.
  return { device: idsText(vendor, device), subsystem: subsystem === '0000:0000' ? undefined : subsystem };
}

/** @throws {PolicyOtherDeviceError} the policy says that it is another device's. */
export function checkDevice(policy: PolicyDocument, device: DeviceIds): void {
  const differs = (wanted: string | undefined, found: string | undefined) =>
    wanted !== undefined && wanted !== found;
  if (!differs(policy.device, device.device) && !differs(policy.subsystem, device.subsystem)) return;
  const wanted = { device: policy.device ?? 'any device', subsystem: policy.subsystem };
  throw new PolicyOtherDeviceError(policy.file, deviceIdsText(wanted), deviceIdsText(device));
}

/** What a function is held to under a policy. @throws {PolicyUnsoundError | PolicyOtherDeviceError} */
export function functionPolicy(policy: PolicyDocument, device: DeviceIds): FunctionPolicy {
  checkDevice(policy, device);
  const errors = checkPolicy(policy).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new PolicyUnsoundError(policy.file, errors);
  return { source: policy.file, allowed: allowedNames(policy) };
}

/** At {@link EmbeddedHost.policies}; the back end asks it at each export ({@link PcibackOptions.policyOf}). */
export class PolicyChoice {
  readonly #machine: Pick<Machine, 'list' | 'name'>;
  readonly #kept: DevicePolicies | undefined;
  /** What attachments that are under way have said, by function. */
  readonly #said = new Map<number, PolicyDocument>();

  /** `kept`: absent where none are kept. */
  constructor(machine: Pick<Machine, 'list' | 'name'>, kept?: DevicePolicies) {
    this.#machine = machine;
    this.#kept = kept;
  }

  /**
   * What an administrator wants these functions to be held to, until it is disposed of: by then they are exported.
   * @throws {PolicyUnsoundError | PolicyOtherDeviceError} it does not fit one of them.
   */
  say(functions: readonly PciAddress[], policy: PolicyDocument): Disposable {
    for (const address of functions) functionPolicy(policy, this.#deviceAt(address));
    for (const { sbdf } of functions) this.#said.set(sbdf, policy);
    return {
      [Symbol.dispose]: () => {
        for (const { sbdf } of functions) if (this.#said.get(sbdf) === policy) this.#said.delete(sbdf);
      },
    };
  }

  /** @throws {PolicyFileError | PolicyMalformedError | PolicyUnsoundError | PolicyOtherDeviceError | FunctionNotFoundError} */
  policyOf(address: PciAddress): FunctionPolicy {
    const device = this.#deviceAt(address);
    const policy = this.#said.get(address.sbdf) ?? this.#kept?.get(device)?.policy;
    return policy === undefined ? UNSAID : functionPolicy(policy, device);
  }

  #deviceAt(address: PciAddress): DeviceIds {
    const summary = this.#machine.list().find((each) => each.address.equals(address));
    if (summary === undefined) throw new FunctionNotFoundError(address, this.#machine.name);
    return deviceOf(summary);
  }
}
