/** A change to a machine: asked of its owner where one runs, else made by this command as the owner of this host for its duration. */
import { HostClaims, type ClaimReport } from '../admin/index.js';
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
): Promise<Wire<ClaimReport>> {
  if (machineToChange(choice).name === 'sim') return askSim(change, { address: String(address) });
  using machine = await openHost();
  const { socket, claims } = machineFiles(machine.name);
  try {
    return await askOwner(socket, change, { address: String(address) });
  } catch (error) {
    if (!(error instanceof OwnerUnreachableError) || error.code !== 'OWNER_ABSENT') throw error;
  }
  await using _owner = await OwnerSocket.bind(machine.name, socket);
  const xen = runsOnXen() ? await openNativePlatform() : undefined;
  try {
    const pool = new Pool(machine, new FileJournal(claims));
    const report = await new HostClaims(pool, machine.drivers, xen)[change](address);
    return { ...report, address: String(address) };
  } finally {
    await xen?.[Symbol.asyncDispose]();
  }
}
