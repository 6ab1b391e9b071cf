/** What was hidden by this command, in a file that outlives the boot: `openslot doctor` tells after it whether it took. */
import type { ByteText } from '../../boot/index.js';
import type { HideSystem } from './hide-system.js';

/** An entry of hidden.json. */
export interface HiddenEntry {
  /** ISO 8601. */
  readonly when: string;
  readonly for: HideSystem;
  readonly file: string;
  readonly addresses: readonly string[];
  /** As the user named them: addresses or names. */
  readonly names: readonly string[];
}

/** @throws {SyntaxError | TypeError} it is not what {@link withHidden} writes. */
function entriesOf(text: ByteText | null): readonly HiddenEntry[] {
  if (text === null) return [];
  const entries: unknown = JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
  if (!Array.isArray(entries)) throw new TypeError('it is not the list that openslot writes');
  if (!entries.every(isEntry)) throw new TypeError('an entry is not what openslot writes');
  return entries;
}

function isEntry(value: unknown): value is HiddenEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { when, for: system, file, addresses, names } = value as Record<string, unknown>;
  return (
    [when, system, file].every((each) => typeof each === 'string') && isTexts(addresses) && isTexts(names)
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function print(entries: readonly HiddenEntry[]): ByteText | null {
  if (entries.length === 0) return null;
  return Buffer.from(`${JSON.stringify(entries, undefined, 2)}\n`, 'utf8').toString('latin1');
}

/** Null: nothing is hidden any more. Functions that were hidden in the file before are of the new entry. */
export function withHidden(text: ByteText | null, entry: HiddenEntry): ByteText | null {
  return print([...without(entriesOf(text), entry), entry]);
}

export function withoutHidden(text: ByteText | null, entry: HiddenEntry): ByteText | null {
  return print(without(entriesOf(text), entry));
}

function without(entries: readonly HiddenEntry[], going: HiddenEntry): readonly HiddenEntry[] {
  return entries.flatMap((entry) => {
    if (entry.file !== going.file || entry.for !== going.for) return [entry];
    const kept = entry.addresses.map((address) => !going.addresses.includes(address));
    const addresses = entry.addresses.filter((_, index) => kept[index]);
    const names = entry.names.filter((_, index) => kept[index]);
    return addresses.length === 0 ? [] : [{ ...entry, addresses, names }];
  });
}
