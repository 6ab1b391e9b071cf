/** Configuration space of a function in QEMU, checked, as long as the function is open. */
import {
  checkConfigAccess,
  ConfigAccessError,
  type ConfigSpace,
  type ConfigWidth,
} from '../../function/index.js';
import type { PlaceRegisters } from './tree.js';

/** Each access is one command, and one access of its width to the enhanced configuration window. */
export class QemuConfig implements ConfigSpace {
  readonly #registers: PlaceRegisters;
  #open = true;

  constructor(registers: PlaceRegisters) {
    this.#registers = registers;
  }

  get size(): number {
    return this.#registers.size;
  }

  read(offset: number, width: ConfigWidth): number {
    this.#check('read', offset, width);
    return this.#registers.read(offset, width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    this.#check('write', offset, width);
    this.#registers.write(offset, width, value);
  }

  close(): void {
    this.#open = false;
  }

  #check(operation: 'read' | 'write', offset: number, width: ConfigWidth): void {
    checkConfigAccess(operation, offset, width, this.size);
    if (!this.#open)
      throw new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, 'the function was closed');
  }
}
