/** The pool as another process sees it: from its owner where one runs, else from the journal. */
import { machineFiles } from '../admin/runtime-directory.js';
import type { HostDrivers, Machine } from '../function/index.js';
import { askOwner, OwnerUnreachableError, type PoolEntry } from '../owner/index.js';
import { FileJournal, Pool } from '../pool/index.js';

/** Entries of a pool as they are printed. */
export function entriesOf(pool: Pool): readonly PoolEntry[] {
  return pool.list().map((member) => ({
    address: String(member.address),
    state: member.state,
    ...(member.state === 'taken' ? { taker: member.taker } : {}),
    ...(member.state === 'quarantined' ? { why: member.why } : {}),
    ...(member.holder === undefined ? {} : { holder: member.holder }),
  }));
}

export async function poolEntries(
  machine: Machine & { readonly drivers: HostDrivers },
): Promise<readonly PoolEntry[]> {
  const { socket, claims } = machineFiles(machine.name);
  try {
    return (await askOwner(socket, 'pool')) as readonly PoolEntry[];
  } catch (error) {
    if (!(error instanceof OwnerUnreachableError)) throw error;
    return entriesOf(new Pool(machine, new FileJournal(claims)));
  }
}
