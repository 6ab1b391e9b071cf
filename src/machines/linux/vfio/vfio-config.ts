/** Configuration space of a function that VFIO gives: the kernel's view of it, which keeps its own bits to itself. */
import {
  checkConfigAccess,
  ConfigAccessError,
  type ConfigSpace,
  type ConfigWidth,
} from '../../../function/index.js';
import { Header } from '../../../pci/index.js';
import type { LinuxConfig } from '../linux-config.js';
import type { DrivenFunction } from './driven-function.js';

/**
 * Looking is not driving: what is read before anything was changed comes from sysfs, so that a function that another
 * process drives, or a guest has, can be shown. The first write takes the function.
 */
export class VfioConfig implements ConfigSpace {
  readonly #outside: LinuxConfig;
  /** The function, once this program drives it. */
  readonly #driven: () => DrivenFunction | undefined;
  readonly #drive: () => DrivenFunction;
  #open = true;

  constructor(outside: LinuxConfig, driven: () => DrivenFunction | undefined, drive: () => DrivenFunction) {
    this.#outside = outside;
    this.#driven = driven;
    this.#drive = drive;
  }

  get size(): number {
    return this.#driven()?.configSize ?? this.#outside.size;
  }

  read(offset: number, width: ConfigWidth): number {
    const driven = this.#driven();
    if (driven === undefined) return this.#outside.read(offset, width);
    this.#check('read', offset, width, driven);
    return driven.config.read(offset, width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    checkConfigAccess('write', offset, width, this.size);
    this.#checkOpen('write', offset, width);
    const driven = this.#drive();
    driven.config.write(offset, width, value);
    if (offset <= Header.command && offset + width > Header.command) driven.followCommand();
  }

  #check(operation: 'read' | 'write', offset: number, width: ConfigWidth, driven: DrivenFunction): void {
    checkConfigAccess(operation, offset, width, driven.configSize);
    this.#checkOpen(operation, offset, width);
  }

  #checkOpen(operation: 'read' | 'write', offset: number, width: ConfigWidth): void {
    if (!this.#open)
      throw new ConfigAccessError('CONFIG_REFUSED', { operation, offset, width }, 'the function was closed');
  }

  close(): void {
    this.#open = false;
    this.#outside.close();
  }
}
