/** The registers that a function has: of its header and of each capability with a table, where they stand. */
import { walkCapabilities } from './capabilities.js';
import { Header } from './header.js';
import { dottedName, isReadable, registersThere, tableReader } from './registers.js';
import type { ConfigReader, Register, RegisterTable } from './registers.js';
import { capabilityTable, headerTable } from './tables/index.js';

/** A register with its place: offset and width in bytes. */
export interface PresentRegister {
  readonly table: RegisterTable;
  readonly register: Register;
  /** Dotted name of the register. */
  readonly name: string;
  /** In configuration space. */
  readonly offset: number;
  readonly width: 1 | 2 | 4;
}

/** Header first, then the standard list in its order; variants by their predicates. Throws only what the reader does. */
export function presentRegisters(reader: ConfigReader): PresentRegister[] {
  const present: PresentRegister[] = [];
  const add = (table: RegisterTable, base: number) => {
    for (const { register, index, offset } of registersThere(table, tableReader(reader, base))) {
      const { width } = register;
      if (width === 8 || !isReadable(reader, base + offset, width)) continue;
      const name = dottedName(table, register, undefined, index);
      present.push({ table, register, name, offset: base + offset, width });
    }
  };
  add(headerTable(reader.read(Header.type, 1)), 0);
  const header = tableReader(reader, 0);
  for (const { id, offset } of walkCapabilities(reader).entries) {
    const table = capabilityTable(id, { capability: tableReader(reader, offset), header });
    if (table !== undefined) add(table, offset);
  }
  return present;
}
