/** What the kernel knows of a function besides what it reads from it: its place, its name, modules, product data. */
import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { VpdUnreadableError, type HostFacts } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import { ModuleAliases } from './module-aliases.js';
import { errnoOf, type Sysfs } from './sysfs.js';

export class SysfsFacts {
  readonly #sysfs: Sysfs;
  readonly #aliases: ModuleAliases;

  /** `modules`: the directory of the running kernel's modules. */
  constructor(sysfs: Sysfs, modules = `/lib/modules/${release()}`) {
    this.#sysfs = sysfs;
    this.#aliases = new ModuleAliases(modules);
  }

  of(address: PciAddress): HostFacts {
    const sysfs = this.#sysfs;
    const modalias = sysfs.read(address, 'modalias');
    return {
      modules: modalias === undefined ? [] : this.#aliases.modulesFor(modalias),
      // The kernel says -1 where it does not know.
      numaNode: sysfs.readNumber(address, 'numa_node'),
      label: sysfs.read(address, 'label'),
      physicalSlot: this.#slotOf(address),
      readVpd: () => this.#readVpd(address),
    };
  }

  /** Slots have addresses without a function: one card is in it, whatever functions that has. */
  #slotOf(address: PciAddress): string | undefined {
    const folder = join(this.#sysfs.root, 'slots');
    const device = String(address).slice(0, -'.0'.length);
    let names: string[];
    try {
      names = readdirSync(folder).sort();
    } catch {
      return undefined;
    }
    return names.find((name) => {
      try {
        return readFileSync(join(folder, name, 'address'), 'latin1').trim() === device;
      } catch {
        // It went, with its bridge.
        return false;
      }
    });
  }

  /**
   * The kernel reads it from the device, up to its end tag. It has no file for devices that it knows to break then.
   * @throws {VpdUnreadableError}
   */
  #readVpd(address: PciAddress): Uint8Array | undefined {
    if (!this.#sysfs.has(address, 'vpd')) return undefined;
    try {
      return new Uint8Array(readFileSync(this.#sysfs.device(address, 'vpd')));
    } catch (cause) {
      const errno = errnoOf(cause);
      throw errno === 'EACCES'
        ? new VpdUnreadableError(address, 'the kernel shows it to root alone', 'run the command as root')
        : new VpdUnreadableError(address, errno, '', { cause });
    }
  }
}
