/** What a former process left between two steps of an attach or a detach: granted to a guest that does not have it. */
import type { PciAddress } from '../pci/index.js';
import type { Guest } from './guests.js';
import type { ToolStack } from './tool-stack.js';

/**
 * Undoes it. An attach announces a function before its first step and lists it with its last; a detach takes it off the
 * list first: recorded and not listed is what neither of them leaves. `xl` makes no such record, so that nothing of its
 * own is touched in between. One that the guest was asked to give back stays listed; it can be asked again.
 * @returns what could not be undone, with the reason.
 */
export async function undoUnfinished(
  stack: ToolStack,
  guest: Guest,
): Promise<readonly (readonly [string, unknown])[]> {
  const failures: (readonly [string, unknown])[] = [];
  const grants = stack.grantsOf(guest);
  const listed = (await stack.pairOf(guest).look())?.functions.map(({ address }) => address) ?? [];
  const isListed = (address: PciAddress) => listed.some((one) => one.equals(address));
  const doing = (address: PciAddress) => `undoing what was begun with ${address} for guest ${guest.name}`;
  for (const address of await grants.recorded()) {
    if (isListed(address)) continue;
    try {
      // What had not been granted yet cannot be taken back; what had, is.
      await grants.revoke(address, listed, () => stack.libxl.takeBack(address, guest.id));
    } catch (error) {
      failures.push([doing(address), error]);
    }
  }
  return failures;
}
