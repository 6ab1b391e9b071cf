/** Which function of one capture is which of another: by address, else by ids and serial number. */
import type { CapturedFunction } from '../../function/index.js';
import { hexDigits } from '../../pci/index.js';
import { CapturedFields } from '../captured-fields.js';

export interface Pair {
  readonly before: CapturedFields | undefined;
  readonly after: CapturedFields | undefined;
}

export interface Identity {
  /** `8086:10d3 (8086:a01f)`: vendor, device and those of the subsystem. */
  readonly ids: string;
  /** The ids and, where it has one, its serial number: what tells it from others. */
  readonly whole: string;
}

const SERIAL = ['dsn.low', 'dsn.high'];

export function identityOf(fields: CapturedFields): Identity {
  const id = (name: string) => hexDigits(fields.raw(name) ?? 0xffff, 4);
  // A vendor of 0 is none.
  const hasSubsystem = (fields.raw('header.subsystem_vendor') ?? 0) !== 0;
  const subsystem = hasSubsystem ? ` (${id('header.subsystem_vendor')}:${id('header.subsystem')})` : '';
  const ids = `${id('header.vendor')}:${id('header.device')}${subsystem}`;
  const serial = SERIAL.flatMap((name) => fields.field(name)?.value ?? []);
  return { ids, whole: `${ids} ${serial.join(' ')}`.trimEnd() };
}

/** In order of the later address. One that moved is paired only where nothing else looks like it. */
export function pairFunctions(
  before: readonly CapturedFunction[],
  after: readonly CapturedFunction[],
): Pair[] {
  const old = new Map(before.map((fn) => [fn.address.sbdf, new CapturedFields(fn)]));
  const now = new Map(after.map((fn) => [fn.address.sbdf, new CapturedFields(fn)]));
  const pairs: Pair[] = [];
  const came: CapturedFields[] = [];
  const left = new Map(old);
  for (const [key, fields] of now) {
    const same = old.get(key);
    if (same !== undefined && identityOf(same).whole === identityOf(fields).whole) {
      pairs.push({ before: same, after: fields });
      left.delete(key);
    } else came.push(fields);
  }
  // First those that moved, so that a device which came to the place of one of them is not taken for it.
  const [onlyCome, onlyLeft] = [onlyOnes(came), onlyOnes(left.values())];
  const moved = new Map(
    came.map((fields) => {
      const { whole } = identityOf(fields);
      return [fields, onlyCome.get(whole) === undefined ? undefined : onlyLeft.get(whole)];
    }),
  );
  for (const was of moved.values()) if (was !== undefined) left.delete(was.fn.address.sbdf);
  for (const [fields, was] of moved) {
    const key = fields.fn.address.sbdf;
    pairs.push({ before: was ?? left.get(key), after: fields });
    if (was === undefined) left.delete(key);
  }
  for (const fields of left.values()) pairs.push({ before: fields, after: undefined });
  const placeOf = ({ before: was, after: is }: Pair) => (is ?? was)?.fn.address.sbdf ?? 0;
  return pairs.sort((a, b) => placeOf(a) - placeOf(b));
}

/** Those whose identity no other one has, by it; undefined where several have it. */
function onlyOnes(list: Iterable<CapturedFields>): ReadonlyMap<string, CapturedFields | undefined> {
  const found = new Map<string, CapturedFields | undefined>();
  for (const fields of list) {
    const { whole } = identityOf(fields);
    found.set(whole, found.has(whole) ? undefined : fields);
  }
  return found;
}
