/** What openslot left on this host, read for the doctor: records, unfinished changes, and whether an owner listens. */
import { existsSync } from 'node:fs';
import type { HiddenRecord, Leftovers } from '../admin/doctor/index.js';
import { hiddenIn } from '../admin/hide/index.js';
import { ChangeFolder } from '../change/index.js';
import { readRegularFile } from '../durable/index.js';
import { askOwner, machineFiles, OwnerUnreachableError, stateFiles } from '../owner/index.js';
import { messageOf, notations } from '../pci/index.js';
import { FileJournal } from '../pool/index.js';

interface Unreadable {
  readonly path: string;
  readonly why: string;
}

export async function readLeftovers(machine: string): Promise<Leftovers> {
  const { socket, claims, changes, probing } = machineFiles(machine);
  const state = stateFiles();
  const unreadable: Unreadable[] = [];
  const read = <Value>(path: string, what: () => Value, otherwise: Value): Value => {
    try {
      return what();
    } catch (error) {
      unreadable.push({ path, why: messageOf(error) });
      return otherwise;
    }
  };
  const unfinished = [changes, state.changes].flatMap((folder) =>
    read(
      folder,
      () => new ChangeFolder(folder).unfinished().map(({ change: { what, when } }) => `${what} (${when})`),
      [],
    ),
  );
  const records = read(claims, () => new FileJournal(claims).records(), []);
  return {
    owner: await ownerAt(socket),
    socket,
    unfinished,
    claims: records.map(({ address, holder, quarantined }) => ({ address, holder, quarantined })),
    // What boot files hide is this host's: a simulated one reads none.
    hidden: machine === 'linux' ? read(state.hidden, () => readHidden(state.hidden), []) : [],
    unreadable,
    probing: existsSync(probing)
      ? read(probing, () => readRegularFile(probing, 'latin1'), undefined)
      : undefined,
  };
}

async function ownerAt(socket: string): Promise<Leftovers['owner']> {
  if (!existsSync(socket)) return 'absent';
  try {
    await askOwner(socket, 'pool', {});
    return 'running';
  } catch (error) {
    const refused = error instanceof OwnerUnreachableError && error.code === 'OWNER_ABSENT';
    return refused ? 'stale' : 'running';
  }
}

/** @throws {HiddenUnreadableError} */
function readHidden(path: string): readonly HiddenRecord[] {
  return hiddenIn(path).map(({ when, for: system, file, addresses }) => ({
    when: Date.parse(when),
    for: system,
    file,
    addresses: addresses.map((text) => notations.hex.parse(text)),
  }));
}
