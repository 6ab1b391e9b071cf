/** Children of a node whose names do not fit one message: read in parts until the whole list is of one generation. */
import { XenStoreContendedError, XenStoreProtocolError } from './errors.js';

/** Attempts at one listing before its node counts as changing all the time. */
const MAX_RESTARTS = 16;
/** Bytes of names beyond which a listing is no listing: far above what any quota lets a node have. */
const MAX_BYTES = 1 << 24;

/**
 * Lists the children of `path` by DIRECTORY_PART. `part` asks for the strings of one part from a byte offset on: the
 * node's generation count, names, and an empty string behind the last name of all.
 * @throws {XenStoreContendedError} the node changed between parts, time after time.
 * @throws {XenStoreProtocolError} a part without progress, or a list without end.
 */
export async function readParts(
  path: string,
  part: (offset: number) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  for (let attempt = 0; attempt < MAX_RESTARTS; attempt += 1) {
    const names = await readOneGeneration(path, part);
    if (names !== undefined) return names;
  }
  throw new XenStoreContendedError(`the list of ${path}`, MAX_RESTARTS);
}

/** Undefined when the node changed meanwhile: offsets into the old list mean nothing in the new one. */
async function readOneGeneration(
  path: string,
  part: (offset: number) => Promise<readonly string[]>,
): Promise<readonly string[] | undefined> {
  const names: string[] = [];
  let generation: string | undefined;
  for (let offset = 0; offset < MAX_BYTES;) {
    const [count, ...found] = await part(offset);
    if (count === undefined) break;
    generation ??= count;
    if (count !== generation) return undefined;
    const whole = found.at(-1) === '';
    if (whole) found.pop();
    if (found.includes('') || (found.length === 0 && !whole)) break;
    names.push(...found);
    if (whole) return names;
    for (const name of found) offset += name.length + 1;
  }
  throw new XenStoreProtocolError('a list in parts that has no end', { path, names: names.length });
}
