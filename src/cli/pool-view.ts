/** The pool as another process sees it: from its owner where one runs, else from the journal. */
import type { Capture, HostDrivers, Machine } from '../function/index.js';
import {
  askOwner,
  machineFiles,
  OwnerRefusedError,
  OwnerUnreachableError,
  POOL_STATES,
  type PoolEntry,
} from '../owner/index.js';
import type { FrontEndKind, Pciback } from '../pciback/index.js';
import { FileJournal, JournalUnreadableError, Pool } from '../pool/index.js';

/** Entries of a pool as they are printed, with what its back end, where one runs, knows of the takers. */
export function entriesOf(pool: Pool, backEnds?: Pick<Pciback, 'guests'>): readonly PoolEntry[] {
  const frontEnds = new Map<string, FrontEndKind>();
  for (const { exports, frontEnd } of backEnds?.guests ?? [])
    if (frontEnd !== undefined) for (const { address } of exports) frontEnds.set(String(address), frontEnd);
  return pool.list().map((member) => ({
    address: String(member.address),
    state: member.state,
    ...(member.state === 'taken' ? { taker: member.taker } : {}),
    ...frontEndOf(frontEnds.get(String(member.address))),
    ...(member.state === 'quarantined' ? { why: member.why } : {}),
    ...(member.holder === undefined ? {} : { holder: member.holder }),
  }));
}

function frontEndOf(frontEnd: FrontEndKind | undefined): Pick<PoolEntry, 'frontEnd'> {
  return frontEnd === undefined ? {} : { frontEnd };
}

/** Entries as they were when a machine was saved. */
export function savedEntries({ functions }: Capture): readonly PoolEntry[] {
  return functions.flatMap(({ address, pool }) => {
    const state = POOL_STATES.find((one) => one === pool?.state);
    if (pool === undefined || state === undefined) return [];
    return [{ address: String(address), state, ...(pool.guest === undefined ? {} : { taker: pool.guest }) }];
  });
}

export interface PoolView {
  readonly entries: readonly PoolEntry[];
  /** Why the entries cannot be told, where this user may not see them. */
  readonly unreadable?: string;
}

export async function viewPool(machine: Machine & { readonly drivers: HostDrivers }): Promise<PoolView> {
  const { socket, claims } = machineFiles(machine.name);
  try {
    return { entries: await askOwner(socket, 'pool', {}) };
  } catch (error) {
    // A command that is the owner for its own duration tells nothing: the journal does.
    const busy = error instanceof OwnerRefusedError && error.code === 'OWNER_BUSY';
    if (!(error instanceof OwnerUnreachableError) && !busy) throw error;
  }
  try {
    return { entries: entriesOf(new Pool(machine, new FileJournal(claims))) };
  } catch (error) {
    if (!(error instanceof JournalUnreadableError)) throw error;
    return { entries: [], unreadable: error.message };
  }
}

/** Members by the journal, where nobody owns the machine; none where this user may not read it. */
export function hostPool(machine: Machine & { readonly drivers: HostDrivers }): Pick<Pool, 'list'> {
  try {
    return new Pool(machine, new FileJournal(machineFiles(machine.name).claims));
  } catch (error) {
    if (!(error instanceof JournalUnreadableError)) throw error;
    return { list: () => [] };
  }
}
