/** Readers of single registers and fields of a table, found once by their names, for faces that write many lines. */
import { fieldMask, type RegisterReader, type RegisterTable } from '../pci/index.js';

/** Reads one register, or one field: its bits as they are. */
export type FieldReader = (bytes: RegisterReader) => number;

/** Where a field's bits are, for one access of the register's width. */
interface Place {
  readonly offset: number;
  readonly width: 1 | 2 | 4;
  readonly low: number;
  /** In the register. */
  readonly mask: number;
}

/** Of `register.field`, in a register of up to 4 bytes. @throws {RangeError} the table has no such field. */
export function placeIn(table: RegisterTable, name: string): Place {
  // By the parts of the name: hundreds are looked up each time a face is loaded.
  const [registerName = '', fieldName = ''] = name.split('.');
  for (const { name: own, offset, width, fields } of table.registers) {
    if (own !== registerName || width === 8) continue;
    const field = fields.find((each) => each.name === fieldName);
    if (field !== undefined) return { offset, width, low: field.low, mask: fieldMask(field) };
  }
  throw new RangeError(`the table ${table.name} has no field ${name}`);
}

/**
 * A reader of `register.field`, or of a register that is one number by itself. Fields are looked up when a face is
 * loaded, so that a name that no table has is found by the first test. @throws {RangeError} the table has no such field.
 */
export function fieldIn(table: RegisterTable, name: string): FieldReader {
  const { offset, width, low, mask } = placeIn(table, name);
  return (bytes) => (bytes.read(offset, width) & mask) >>> low;
}

/** A reader of a whole register of up to 4 bytes. @throws {RangeError} the table has none of that name. */
export function registerIn(table: RegisterTable, name: string): FieldReader {
  for (const register of table.registers) {
    const { offset, width } = register;
    if (register.name === name && width !== 8) return (bytes) => bytes.read(offset, width);
  }
  throw new RangeError(`the table ${table.name} has no register ${name}`);
}
