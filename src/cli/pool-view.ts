/** The pool as another process sees it: from its owner where one runs, else from the journal. */
import { lstatSync } from 'node:fs';
import type { Capture, MachineWithDrivers } from '../function/index.js';
import type { PoolEntry } from '../owner/index.js';
import { POOL_STATES } from '../owner/requests.js';
import { machineFiles } from '../owner/runtime-directory.js';
import type { FrontEndKind, Pciback } from '../pciback/index.js';
import type { Pool } from '../pool/index.js';

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

/** Gives a machine to whoever reads something of it, open for so long. */
export type WithMachine = <Result>(read: (machine: MachineWithDrivers) => Result) => Promise<Result>;

/** The machine itself is needed only where there is a journal and no owner. */
export async function viewPool(machine: string, withMachine: WithMachine): Promise<PoolView> {
  const { socket, claims } = machineFiles(machine);
  if (mayBeThere(socket)) {
    const entries = await askForPool(socket);
    if (entries !== undefined) return { entries };
  }
  if (!mayBeThere(claims)) return { entries: [] };
  const { FileJournal, JournalUnreadableError, Pool } = await import('../pool/index.js');
  try {
    const journal = new FileJournal(claims);
    return { entries: await withMachine((opened) => entriesOf(new Pool(opened, journal))) };
  } catch (error) {
    if (!(error instanceof JournalUnreadableError)) throw error;
    return { entries: [], unreadable: error.message };
  }
}

/** Undefined where nobody listens, or one who tells nothing: a command that is the owner for its own duration. */
async function askForPool(socket: string): Promise<readonly PoolEntry[] | undefined> {
  const { askOwner, OwnerRefusedError, OwnerUnreachableError } = await import('../owner/client.js');
  try {
    return await askOwner(socket, 'pool', {});
  } catch (error) {
    const busy = error instanceof OwnerRefusedError && error.code === 'OWNER_BUSY';
    if (!(error instanceof OwnerUnreachableError) && !busy) throw error;
    return undefined;
  }
}

/** False where there certainly is no such file: most hosts have no owner and no claims, and then nothing more is loaded. */
function mayBeThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** Members by the journal, where nobody owns the machine; none where this user may not read it. */
export async function hostPool(machine: MachineWithDrivers): Promise<Pick<Pool, 'list'>> {
  const { FileJournal, JournalUnreadableError, Pool } = await import('../pool/index.js');
  try {
    return new Pool(machine, new FileJournal(machineFiles(machine.name).claims));
  } catch (error) {
    if (!(error instanceof JournalUnreadableError)) throw error;
    return { list: () => [] };
  }
}
