/** What can be known of functions before a virtual machine is asked to take them. */
import { PROGRAM_HOLDERS, type Machine, type MachineWithDrivers } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { Pool } from '../../pool/index.js';
import { othersOfGroup } from '../claim-purpose.js';
import { FunctionNamedTwiceError } from '../errors.js';
import { describeFinding, Examiner, type FindingData, type FindingName } from '../findings/index.js';
import { NotForVfioError } from './errors.js';
import { refusalOf, type RefusedDevice } from './refusals.js';

/** A host, and the functions that were taken from its drivers. */
export interface PoolHost {
  readonly pool: Pool;
  readonly machine: MachineWithDrivers;
}

/** Of findings, those that hold where VFIO keeps functions apart: it shares lines, and maps only whole pages. */
const VFIO_FINDINGS: ReadonlySet<FindingName> = new Set(['no-reset', 'no-iommu', 'split-device']);

/** @throws {FunctionNamedTwiceError} */
export function checkOnce(addresses: readonly PciAddress[]): void {
  const twice = addresses.find((one, index) => addresses.findIndex((other) => other.equals(one)) !== index);
  if (twice !== undefined) throw new FunctionNamedTwiceError(twice);
}

/** @throws {FunctionNamedTwiceError | NotForVfioError | DeviceRefusedError} */
export function checkFit(host: PoolHost, addresses: readonly PciAddress[]): void {
  checkOnce(addresses);
  for (const address of addresses) checkHolder(host, address);
  for (const address of addresses) checkGroup(host.machine, address);
}

function checkHolder({ pool, machine }: PoolHost, address: PciAddress): void {
  if (!pool.has(address)) {
    // One that is not there at all is a different mistake.
    machine.open(address).close();
    throw new NotForVfioError(address, undefined);
  }
  const holder = pool.holderOf(address);
  if (holder !== PROGRAM_HOLDERS.vfio) throw new NotForVfioError(address, holder ?? null);
}

/** QEMU would refuse it in the same words, but only when it has been taken, and nothing of such a group can be reset. */
function checkGroup(machine: Machine, address: PciAddress): void {
  const device = refusedDevice(machine, address, undefined);
  if (device.others.length > 0) throw refusalOf(`group ${device.group ?? ''} is not viable`, device);
}

/** What the words of a refusal are made of. */
export function refusedDevice(machine: Machine, address: PciAddress, bus: string | undefined): RefusedDevice {
  const group = machine.list().find((one) => one.address.equals(address))?.iommuGroup;
  return { address, group, others: othersOfGroup(machine, address, [address]), bus };
}

/** `has`: what the virtual machine has already. */
export async function findingsFor(
  { machine, pool }: PoolHost,
  addresses: readonly PciAddress[],
  has: readonly PciAddress[],
): Promise<readonly FindingData[]> {
  const examiner = new Examiner({ machine, pool, store: undefined, translates: () => undefined });
  const found = await examiner.examine(addresses, { guest: undefined, has });
  return found.filter(({ name }) => VFIO_FINDINGS.has(name)).map(describeFinding);
}

/** Of `has`, those in the groups of the functions and not among them: VFIO gives and takes a group as a whole. */
export function othersOfTheirGroups(
  machine: Machine,
  addresses: readonly PciAddress[],
  has: readonly PciAddress[],
): readonly PciAddress[] {
  const groups = new Map(machine.list().map((fn) => [fn.address.sbdf, fn.iommuGroup]));
  const leaving = new Set(addresses.flatMap(({ sbdf }) => groups.get(sbdf) ?? []));
  return has.filter((one) => {
    const group = groups.get(one.sbdf);
    return group !== undefined && leaving.has(group) && !addresses.some((other) => other.equals(one));
  });
}
