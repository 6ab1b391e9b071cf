/** The registers of a map, by name, over whatever carries their accesses. */
import { ConfigAccessError, type ConfigSpace, type RegisterAccess } from '../../function/index.js';
import { dottedName, type Register, type RegisterMap } from '../../pci/index.js';
import { RegisterError } from './errors.js';
import { MappedRegister } from './mapped-register.js';
import { RegisterShape } from './register-shape.js';
import type { RegisterArray, Registers } from './register-types.js';
import { refusingUnknown } from './unknown-names.js';

/**
 * The registers of a map as properties, with the types that the map gives them. `access` is the region that the map is
 * of, or {@link configRegisters}; nothing is accessed yet. A name that the map has not throws, read or assigned.
 */
export function registersOf<const Map extends RegisterMap>(access: RegisterAccess, map: Map): Registers<Map> {
  const registers: Record<string, MappedRegister | MappedArray> = {};
  for (const register of map.registers) {
    const view = MappedRegister.classOf(new RegisterShape(register, dottedName(map, register)));
    registers[register.name] =
      register.repeat === undefined
        ? new view(access, register.offset)
        : new MappedArray(access, map, register);
  }
  const names = Object.keys(registers);
  Object.setPrototypeOf(
    registers,
    refusingUnknown(() => ({ names, of: `register of ${map.name}` })),
  );
  // The types say of each name what the classes were made of.
  return Object.freeze(registers) as unknown as Registers<Map>;
}

/** The numbers of a repeated register; each is made when it is first asked for. */
export class MappedArray implements RegisterArray<MappedRegister> {
  readonly length: number;
  readonly #made: (MappedRegister | undefined)[] = [];
  readonly #make: (index: number) => MappedRegister;
  readonly #name: string;

  constructor(access: RegisterAccess, map: RegisterMap, register: Register) {
    const { count, stride } = register.repeat ?? { count: 1, stride: 0 };
    this.length = count;
    this.#name = dottedName(map, register);
    const view = MappedRegister.classOf(new RegisterShape(register, this.#name));
    this.#make = (index) => new view(access, register.offset + index * stride);
  }

  at(index: number): MappedRegister {
    const made = this.#made[index];
    if (made !== undefined) return made;
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw new RegisterError(
        'REGISTER_INDEX',
        this.#name,
        `it has numbers 0 to ${this.length - 1}, not ${index}`,
      );
    return (this.#made[index] = this.#make(index));
  }

  *[Symbol.iterator](): Iterator<MappedRegister> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }

  static {
    Object.setPrototypeOf(
      MappedArray.prototype,
      refusingUnknown((object) =>
        #name in object ? { names: ['at', 'length'], of: `property of ${object.#name}` } : undefined,
      ),
    );
  }
}

/** Configuration space as registers of 8, 16 and 32 bits; it has no accesses of 64. */
export function configRegisters(config: ConfigSpace): RegisterAccess {
  const none = (operation: 'read' | 'write', offset: number) =>
    new ConfigAccessError(
      'CONFIG_UNALIGNED',
      { operation, offset, width: 8 },
      'the width must be 1, 2 or 4 bytes',
    );
  return {
    read8: (offset) => config.read(offset, 1),
    read16: (offset) => config.read(offset, 2),
    read32: (offset) => config.read(offset, 4),
    read64: (offset) => {
      throw none('read', offset);
    },
    write8: (offset, value) => {
      config.write(offset, 1, value);
    },
    write16: (offset, value) => {
      config.write(offset, 2, value);
    },
    write32: (offset, value) => {
      config.write(offset, 4, value);
    },
    write64: (offset) => {
      throw none('write', offset);
    },
  };
}
