/** A change to a machine: asked of its owner where one runs, else made by this command as the owner of this host for its duration. */
import {
  HostClaims,
  NOTHING_ALLOWED,
  type ClaimPurpose,
  type ClaimReport,
  type Permission,
} from '../admin/index.js';
import { askOwner, machineFiles, OwnerSocket, OwnerUnreachableError, type Wire } from '../owner/index.js';
import type { PciAddress } from '../pci/index.js';
import { FileJournal, Pool } from '../pool/index.js';
import { openNativePlatform, runsOnXen } from '../xen/native/index.js';
import { openHost, type MachineChoice } from './machine-option.js';
import { askSim, machineToChange } from './machine-view.js';

export async function changeClaim(
  change: 'claim' | 'release',
  address: PciAddress,
  choice: MachineChoice,
  purpose?: ClaimPurpose,
  permission: Permission = NOTHING_ALLOWED,
): Promise<Wire<ClaimReport>> {
  const { allowed, evenIfCritical } = permission;
  const wish = {
    ...(purpose === undefined ? {} : { purpose }),
    ...(allowed.length === 0 ? {} : { allow: [...allowed] }),
    ...(evenIfCritical.length === 0 ? {} : { evenIfCritical: evenIfCritical.map(String) }),
  };
  const parameters = { address: String(address), ...(change === 'claim' ? wish : {}) };
  if (machineToChange(choice).name === 'sim') return askSim(change, parameters);
  using machine = await openHost();
  const { socket, claims } = machineFiles(machine.name);
  try {
    return await askOwner(socket, change, parameters);
  } catch (error) {
    if (!(error instanceof OwnerUnreachableError) || error.code !== 'OWNER_ABSENT') throw error;
  }
  await using _owner = await OwnerSocket.bind(machine.name, socket);
  const xen = runsOnXen() ? await openNativePlatform() : undefined;
  try {
    const pool = new Pool(machine, new FileJournal(claims));
    const host = new HostClaims(pool, machine, xen);
    const report = await (change === 'claim'
      ? host.claim(address, purpose, permission)
      : host.release(address));
    // As an owner would have sent it.
    return JSON.parse(JSON.stringify(report)) as Wire<ClaimReport>;
  } finally {
    await xen?.[Symbol.asyncDispose]();
  }
}
