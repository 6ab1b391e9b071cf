/** What was hidden by this command, in a file that outlives the boot: `openslot doctor` tells after it whether it took. */
import { z } from 'zod';
import type { ByteText } from '../../boot/index.js';
import { errnoOf, parseChecked, readRegularFile } from '../../durable/index.js';
import { ADDRESS_TEXT } from '../../pool/kept-address.js';
import { HiddenUnreadableError } from './errors.js';
import { HIDE_SYSTEMS } from './hide-system.js';

const ENTRY = z
  .strictObject({
    when: z.iso.datetime(),
    for: z.enum(HIDE_SYSTEMS),
    file: z.string(),
    addresses: z.array(ADDRESS_TEXT),
    /** As the user named them: addresses or names. */
    names: z.array(z.string()),
  })
  .refine(({ addresses, names }) => names.length === addresses.length, {
    path: ['names'],
    error: 'there is not one for each address',
  });

const ENTRIES = z.array(ENTRY);

/** An entry of hidden.json. */
export type HiddenEntry = Readonly<z.output<typeof ENTRY>>;

/** What is hidden, as the file says; nothing where there is none. @throws {HiddenUnreadableError} */
export function hiddenIn(path: string): readonly HiddenEntry[] {
  try {
    return parseChecked(ENTRIES, readRegularFile(path, 'utf8'));
  } catch (cause) {
    const why = errnoOf(cause);
    if (why === 'ENOENT') return [];
    throw new HiddenUnreadableError(path, why, { cause });
  }
}

/** @throws {UnfitDataError} it is not what {@link withHidden} writes. */
function entriesOf(text: ByteText | null): readonly HiddenEntry[] {
  return text === null ? [] : parseChecked(ENTRIES, Buffer.from(text, 'latin1').toString('utf8'));
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
