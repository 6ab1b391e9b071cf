/** A file of driverctl: the driver of one function, set at each boot. Read as driverctl 0.111 reads it. */
import { notations, tryParse, type PciAddress } from '../../pci/index.js';
import type { ByteText, TextEdit } from '../boot-file.js';
import { UnwritableValueError } from '../errors.js';

/** Where driverctl keeps its files, one for each function. */
export const DRIVERCTL_FOLDER = '/etc/driverctl.d';

/** Instead of a driver: the function stays without one. */
export const NO_DRIVER = 'none';

/** What the kernel takes for a driver's name in `driver_override`, and modprobe for a module's. */
const DRIVER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** `pci-0000:0a:00.0`: udev starts driverctl for a function only if a file of exactly this name is there. */
export function driverctlFileName(address: PciAddress): string {
  return `pci-${notations.hex.format(address)}`;
}

/** The function of a file's name; undefined where no function has that name. */
export function driverctlAddress(fileName: string): PciAddress | undefined {
  if (!fileName.startsWith('pci-')) return undefined;
  const address = tryParse(notations.hex, fileName.slice('pci-'.length));
  return address !== undefined && driverctlFileName(address) === fileName ? address : undefined;
}

/**
 * The driver that a file names: all of it but the line ends behind, as the shell's `$(< file)` has it; undefined where
 * that is nothing. What stands there may be no driver's name: see the lint.
 */
export function driverctlDriver(text: ByteText): string | undefined {
  // bash drops NULs from what it substitutes.
  const driver = text.replaceAll('\0', '').replace(/\n+$/, '');
  return driver === '' ? undefined : driver;
}

/** Whether driverctl takes the text for a driver. */
export function isDriverName(text: string): boolean {
  return DRIVER.test(text);
}

/** Names another driver; line ends behind the first are kept. @throws {UnwritableValueError} no driver's name. */
export function setDriverctlDriver(text: ByteText, driver: string): readonly TextEdit[] {
  if (!isDriverName(driver))
    throw new UnwritableValueError('a file of driverctl', driver, "it is no driver's name");
  if (driverctlDriver(text) === driver) return [];
  const end = /\n+$/.exec(text)?.index;
  return end === undefined
    ? [{ offset: 0, length: text.length, text: `${driver}\n` }]
    : [{ offset: 0, length: end, text: driver }];
}
