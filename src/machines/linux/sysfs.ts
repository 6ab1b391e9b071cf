/** The files of /sys/bus/pci (Documentation/ABI/testing/sysfs-bus-pci), read and written with errno kept. */
import { closeSync, constants, existsSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PciAddress } from '../../pci/index.js';

export function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? 'unknown';
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

  /** True when the kernel shows an attribute of at least one device. */
  anyHas(file: string): boolean {
    try {
      return this.devices().some((name) => existsSync(join(this.root, 'devices', name, file)));
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

  /** Last part of what a link points to: a driver's name, a group's number. */
  readLinkName(address: PciAddress, link: string): string | undefined {
    try {
      return basename(readlinkSync(this.device(address, link)));
    } catch {
      return undefined;
    }
  }
}

/**
 * Writes an attribute off the event loop: some writes (bind, reset) take seconds. Opened for writing only, since many
 * attributes refuse to be opened for reading, even by root. Errors carry `code`.
 */
export async function writeAttribute(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: constants.O_WRONLY });
}
