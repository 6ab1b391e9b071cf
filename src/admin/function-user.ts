/** Who has a function: a guest, a change of the pool, or a driver of the host; alone, so that looking loads little. */
import type { PciAddress } from '../pci/index.js';
import { driverInUse, type DriverKnowledge } from '../proto/program/function-user.js';

/** What the pool knows of a function. */
interface PoolMember {
  readonly address: string;
  readonly state: string;
  readonly taker?: string;
}

/** Who drives a function, in words; undefined where nobody does. */
export function functionUser(
  machine: DriverKnowledge,
  pool: readonly PoolMember[],
  address: PciAddress,
): string | undefined {
  const member = pool.find((each) => each.address === String(address));
  if (member?.state === 'taken') return member.taker ?? 'a guest';
  if (member?.state === 'changing') return 'a change of the pool';
  return driverInUse(machine, address);
}
