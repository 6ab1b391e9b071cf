/** A desired state held against the machine that a command looks at. */
import { dirname, resolve } from 'node:path';
import {
  DesiredStateConflictError,
  DesiredStateUnreadableError,
  differenceOf,
  parseDesiredState,
  type Conflict,
  type Difference,
  type FoundFunction,
  type PresentGuest,
  type WantedFunction,
} from '../admin/desired/index.js';
import { isFunctionName, refusalOf, type SightedName } from '../admin/names/index.js';
import { readGivenFile } from '../durable/index.js';
import { OwnerRefusedError, OwnerUnreachableError } from '../owner/index.js';
import { idsText, notations, OpenslotError, reasonOf, type PciAddress } from '../pci/index.js';
import { functionNames } from './function-names.js';
import { MachineWithoutGuestsError, type MachineChoice } from './machine-option.js';
import { askOwnerOf, viewMachine, type MachineView } from './machine-view.js';
import { policySubject } from './policy-subject.js';
import { keptPolicies, soundPolicy } from './sound-policy.js';

export interface HostDifference extends Difference {
  readonly functions: readonly FoundFunction[];
}

/** @throws {DesiredStateError | DesiredStateUnreadableError | DesiredStateConflictError} */
export async function hostDifference(file: string, choice: MachineChoice): Promise<HostDifference> {
  const { state, lines } = parseDesiredState(read(file), file);
  const [view, sighted, guests] = [
    await viewMachine(choice),
    await functionNames(choice).list(),
    state.functions.some(({ guest }) => guest !== undefined) ? await guestsOf(choice) : [],
  ];
  const functions: FoundFunction[] = [];
  const conflicts: Conflict[] = [];
  for (const [index, wanted] of state.functions.entries()) {
    const where = `${file}:${lines[index] ?? 1}`;
    try {
      const found = foundIn(view, sighted, wanted, where);
      if ('why' in found) conflicts.push(found);
      else functions.push({ ...found, ...(await policyOf(found, file, choice)) });
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      conflicts.push({ where, why: reasonOf(error), next: error.next });
    }
  }
  const difference = differenceOf(functions, guests);
  const all = [...conflicts, ...difference.conflicts];
  if (all.length > 0) throw new DesiredStateConflictError(all);
  return { ...difference, functions };
}

function read(file: string): string {
  try {
    return readGivenFile(file, 'utf8');
  } catch (cause) {
    throw new DesiredStateUnreadableError(file, (cause as NodeJS.ErrnoException).code ?? String(cause), {
      cause,
    });
  }
}

function foundIn(
  { functions, pool }: MachineView,
  sighted: readonly SightedName[],
  wanted: WantedFunction,
  where: string,
): FoundFunction | Conflict {
  const address = addressOf(wanted, sighted);
  if (address === undefined)
    return {
      where,
      why: `no function is named ${wanted.function}`,
      next: 'the names there are: openslot name',
    };
  const summary = functions.find((one) => one.address.equals(address));
  if (summary === undefined) return { where, why: `no function is at ${address}`, next: 'openslot list' };
  const ids = idsText(summary.vendor, summary.device);
  if (wanted.device !== undefined && wanted.device !== ids)
    return {
      where,
      why: `${address} is ${ids}, and ${wanted.device} is wanted there`,
      next: 'openslot list',
    };
  const other = sighted.find(({ record }) => record.name === wanted.name);
  if (other !== undefined && !standsAt(other, address)) {
    const { record, sighting } = other;
    const why =
      sighting.state === 'here'
        ? `the name ${record.name} is ${record.address}'s`
        : reasonOf(refusalOf(record, sighting));
    return { where, why, next: `openslot name ${address} --update ${record.name}` };
  }
  const entry = pool.entries.find((one) => one.address === String(address));
  const name = sighted.find((one) => standsAt(one, address))?.record.name;
  return { wanted, where, address, name, driver: summary.driver, pool: entry };
}

/** The policy that is wanted of a function. @throws {OpenslotError} it does not fit it. */
async function policyOf(
  { wanted: { policy: named }, address }: FoundFunction,
  file: string,
  choice: MachineChoice,
): Promise<Pick<FoundFunction, 'policy'>> {
  if (named === undefined) return {};
  const path = resolve(dirname(file), named);
  const subject = await policySubject(choice, address);
  const { text } = soundPolicy(path, subject);
  const { device } = subject;
  return { policy: { file: path, text, device, isKept: keptPolicies().text(device) === text } };
}

/** @throws {OpenslotError} the name is no function now, or the address is none. */
function addressOf(
  { function: text }: WantedFunction,
  sighted: readonly SightedName[],
): PciAddress | undefined {
  if (!isFunctionName(text)) return notations.hex.parse(text);
  const named = sighted.find(({ record }) => record.name === text);
  if (named === undefined) return undefined;
  const { record, sighting } = named;
  if (sighting.state !== 'here') throw refusalOf(record, sighting);
  return sighting.device.address;
}

function standsAt({ sighting }: SightedName, address: PciAddress): boolean {
  return sighting.state === 'here' && sighting.device.address.equals(address);
}

/** Undefined where nobody serves guests: no owner runs, or one that has none. */
async function guestsOf(choice: MachineChoice): Promise<readonly PresentGuest[] | undefined> {
  try {
    return await askOwnerOf(choice, 'guests', {});
  } catch (error) {
    const nobody = [OwnerUnreachableError, OwnerRefusedError, MachineWithoutGuestsError];
    if (nobody.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}
