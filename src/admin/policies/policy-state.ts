/** What one function is held to: in the hands of the guest that has it, and of the next one. */
import type { FunctionPolicy, Pciback } from '../../pciback/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { DomainId } from '../../xen/domain.js';
import { parsePolicy, type PolicyDocument } from './policy-document.js';
import type { PolicyChoice } from './policy-choice.js';

/** A policy as JSON can carry it. */
export interface PolicyData {
  /** `default`, or where it was read. */
  readonly source: string;
  /** What a guest may write besides what is openslot's; null: what the default allows. */
  readonly allowed: readonly string[] | null;
}

/** As `openslot policy show ADDRESS` prints it. */
export interface PolicyState {
  /** Null while no guest has it. A guest keeps what its function was given with, whatever is kept for the device since. */
  readonly inForce: (PolicyData & { readonly guest: DomainId }) | null;
  readonly next: PolicyData;
}

/** @throws what {@link PolicyChoice.policyOf} throws. */
export function policyState(
  backEnds: Pick<Pciback, 'guests'>,
  choice: PolicyChoice,
  address: PciAddress,
): PolicyState {
  for (const { guest, exports } of backEnds.guests) {
    const found = exports.find((each) => each.address.equals(address));
    if (found === undefined) continue;
    return { inForce: { guest, ...dataOf(found.policy) }, next: dataOf(choice.policyOf(address)) };
  }
  return { inForce: null, next: dataOf(choice.policyOf(address)) };
}

export function dataOf({ source, allowed }: FunctionPolicy): PolicyData {
  return { source, allowed: allowed ?? null };
}

/** The option of an attachment that a client has sent as text. @throws {PolicyMalformedError} */
export function policyOption(sent: { readonly file: string; readonly text: string } | undefined): {
  readonly policy?: PolicyDocument;
} {
  return sent === undefined ? {} : { policy: parsePolicy(sent.text, sent.file) };
}
