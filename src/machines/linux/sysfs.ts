/** The files of /sys/bus/pci (Documentation/ABI/testing/sysfs-bus-pci), read and written with errno kept. */
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ResetMethod } from '../../function/index.js';
import type { PciAddress } from '../../pci/address.js';
import * as notations from '../../pci/notations.js';
import { tryParse } from '../../pci/try-parse.js';

export function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? 'unknown';
}

/**
 * Address of a device's folder. Undefined for those behind virtual bridges (VMD), whose domains have more than 16
 * bits: they cannot be given to anybody.
 */
export function addressOf(name: string): PciAddress | undefined {
  return tryParse(notations.hex, name);
}

/** Bytes of an attribute that the kernel fills at most: a page. */
const ATTRIBUTE_BYTES = 4096;

/** Paths below one sysfs bus directory; another root serves a saved tree. */
export class Sysfs {
  readonly root: string;
  readonly #attribute = Buffer.alloc(ATTRIBUTE_BYTES);

  constructor(root = '/sys/bus/pci') {
    this.root = root;
  }

  device(address: PciAddress, file = ''): string {
    const folder = `${this.root}/devices/${address}`;
    return file === '' ? folder : `${folder}/${file}`;
  }

  driver(name: string, file = ''): string {
    return join(this.root, 'drivers', name, file);
  }

  /** Names of the devices, as the kernel spells them. @throws errno errors of readdir. */
  devices(): string[] {
    return readdirSync(join(this.root, 'devices')).sort();
  }

  /** Number of the device's entry, which the kernel makes anew for each device that comes; undefined without one. */
  instance(address: PciAddress): number | undefined {
    return lstatSync(join(this.root, 'devices', String(address)), { throwIfNoEntry: false })?.ino;
  }

  /** Functions of one IOMMU group, in order; those with addresses that are none of ours are left out. */
  groupMembers(group: number): readonly PciAddress[] {
    return this.devices().flatMap((name) => {
      const address = addressOf(name);
      return address !== undefined && this.readLinkName(address, 'iommu_group') === String(group)
        ? [address]
        : [];
    });
  }

  /**
   * Functions on the same bus, itself with them, in order; undefined where the bus is the host's own and no bridge
   * leads to it.
   */
  busMembers(address: PciAddress): readonly PciAddress[] | undefined {
    let above: string;
    try {
      above = basename(dirname(realpathSync(this.device(address))));
    } catch {
      return undefined;
    }
    if (addressOf(above) === undefined) return undefined;
    return this.devices()
      .map(addressOf)
      .filter((other): other is PciAddress => other !== undefined)
      .filter((other) => other.domain === address.domain && other.bus === address.bus);
  }

  /** True when the kernel shows an attribute of at least one device. */
  anyHas(file: string): boolean {
    try {
      return this.devices().some((name) => existsSync(join(this.root, 'devices', name, file)));
    } catch {
      return false;
    }
  }

  /** True when a driver has at least one function. */
  hasBound(driver: string): boolean {
    try {
      return readdirSync(this.driver(driver)).some((name) => addressOf(name) !== undefined);
    } catch {
      return false;
    }
  }

  /** Text of a device's attribute without its line end; undefined when the kernel does not show it. */
  read(address: PciAddress, file: string): string | undefined {
    let fd: number;
    try {
      fd = openSync(this.device(address, file), 'r');
    } catch {
      return undefined;
    }
    try {
      // Once: the kernel gives an attribute whole, and a survey of a large machine reads a thousand of them.
      const length = readSync(fd, this.#attribute, 0, ATTRIBUTE_BYTES, 0);
      return this.#attribute.toString('latin1', 0, length).trimEnd();
    } catch {
      return undefined;
    } finally {
      closeSync(fd);
    }
  }

  has(address: PciAddress, file: string): boolean {
    return existsSync(this.device(address, file));
  }

  /** A number that the kernel prints, decimal or 0x-hexadecimal. */
  readNumber(address: PciAddress, file: string): number | undefined {
    const text = this.read(address, file);
    if (text === undefined || !/^(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined;
    return Number(text);
  }

  /** Interrupt line of INTx; undefined without one. */
  interruptLine(address: PciAddress): number | undefined {
    const line = this.readNumber(address, 'irq');
    if (line === undefined || line === 0) return undefined;
    // While a driver uses MSI the kernel shows its first vector here.
    const message = `msi_irqs/${line}`;
    // Looked for first: that a file is not there costs more to be told by an error.
    const isMessage = this.has(address, message) && this.read(address, message) === 'msi';
    return isMessage ? undefined : line;
  }

  /** Last part of what a link points to: a driver's name, a group's number. */
  readLinkName(address: PciAddress, link: string): string | undefined {
    try {
      return basename(readlinkSync(this.device(address, link)));
    } catch {
      return undefined;
    }
  }
}

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'device_specific',
  'acpi',
  'flr',
  'af_flr',
  'pm',
  'bus',
  'cxl_bus',
]);

/** In the order in which the kernel tries them. */
export function resetMethodsOf(sysfs: Sysfs, address: PciAddress): readonly ResetMethod[] {
  const text = sysfs.read(address, 'reset_method') ?? '';
  return text.split(/\s+/).filter((word): word is ResetMethod => KNOWN_METHODS.has(word));
}

/**
 * Writes an attribute off the event loop: some writes (bind, reset) take seconds. Opened for writing only, since many
 * attributes refuse to be opened for reading, even by root. Errors carry `code`.
 */
export async function writeAttribute(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: constants.O_WRONLY });
}
