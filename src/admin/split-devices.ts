/** Functions of one device in the hands of two guests: what one guest does to the device, the other one may feel. */
import { type PciAddress } from '../pci/index.js';
import { parseDomainId, type DomainId } from '../xen/domain.js';
import type { ToolStack } from './tool-stack.js';

/** One function of a device that another guest has a function of. */
export interface SplitDevice {
  readonly address: PciAddress;
  readonly sibling: PciAddress;
  /** Who has the sibling. */
  readonly taker: DomainId;
}

/** Which of these functions, once `guest` has them, stand on a device of which another guest has a function too. */
export async function splitDevices(
  stack: ToolStack,
  guest: DomainId,
  addresses: readonly PciAddress[],
): Promise<readonly SplitDevice[]> {
  const split: SplitDevice[] = [];
  for (const address of addresses) {
    for (const sibling of stack.functionsOf(address)) {
      if (sibling.equals(address)) continue;
      const taker = parseDomainId(await stack.libxl.guest(sibling));
      if (taker !== undefined && taker !== guest) split.push({ address, sibling, taker });
    }
  }
  return split;
}
