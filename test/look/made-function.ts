/** Captured functions made for tests: configuration spaces put together by the names of the register model. */
import type { CapturedFunction } from '../../src/function/index.js';
import { withConfigAlone } from '../../src/machines/capture/index.js';
import {
  dottedName,
  notations,
  placesOf,
  withField,
  type RegisterTable,
  bytesReader,
} from '../../src/pci/index.js';

/** Raw numbers by dotted name without the table's own: `lnkcap.max_speed`. */
export type Values = Readonly<Record<string, number>>;

export interface MadeCapability {
  readonly id: number;
  readonly table: RegisterTable;
  readonly values: Values;
}

export interface MadeSpace {
  readonly header: RegisterTable;
  readonly values: Values;
  /** At 0x40, 0x80 and so on, in this order. */
  readonly standard?: readonly MadeCapability[];
  /** At 0x100, 0x180 and so on; with at least one the space has 4096 bytes, else 256. */
  readonly extended?: readonly MadeCapability[];
}

const [FIRST, STEP, FIRST_EXTENDED, EXTENDED_STEP] = [0x40, 0x40, 0x100, 0x80];

export function madeSpace({ header, values, standard = [], extended = [] }: MadeSpace): Uint8Array {
  const bytes = new Uint8Array(extended.length > 0 ? 4096 : 256);
  put(
    bytes,
    0,
    header,
    standard.length > 0 ? { 'status.capabilities': 1, capabilities: FIRST, ...values } : values,
  );
  standard.forEach(({ id, table, values: own }, index) => {
    const next = index + 1 < standard.length ? FIRST + (index + 1) * STEP : 0;
    put(bytes, FIRST + index * STEP, table, { 'list.id': id, 'list.next': next, ...own });
  });
  extended.forEach(({ id, table, values: own }, index) => {
    const next = index + 1 < extended.length ? FIRST_EXTENDED + (index + 1) * EXTENDED_STEP : 0;
    put(bytes, FIRST_EXTENDED + index * EXTENDED_STEP, table, {
      'list.id': id,
      'list.version': 1,
      'list.next': next,
      ...own,
    });
  });
  return bytes;
}

/** @throws {RangeError} the table has no such field, which a test would otherwise never notice. */
function put(bytes: Uint8Array, base: number, table: RegisterTable, values: Values): void {
  const reader = bytesReader(bytes);
  const left = new Set(Object.keys(values));
  for (const register of table.registers)
    for (const { index, offset } of placesOf(register))
      for (const field of register.fields) {
        const name = dottedName(table, register, field, index).slice(table.name.length + 1);
        const value = values[name];
        if (value === undefined || register.width === 8) continue;
        const { width } = register;
        const now = withField(reader.read(base + offset, width), field, value);
        for (let byte = 0; byte < width; byte++) bytes[base + offset + byte] = (now >>> (8 * byte)) & 0xff;
        left.delete(name);
      }
  if (left.size > 0) throw new RangeError(`${table.name} has no ${[...left].join(', ')}`);
}

/** What a host would say of it is absent unless given. */
export function madeFunction(
  address: string,
  config: Uint8Array,
  told: Partial<CapturedFunction> = {},
): CapturedFunction {
  return { ...withConfigAlone(notations.hex.parse(address), config), regions: [], ...told };
}
