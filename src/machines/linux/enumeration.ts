/**
 * Which functions the kernel shows, and what its files say of each. It needs nothing of what opens and drives them, which
 * takes longer to load than all of this takes: who only looks loads this file alone.
 */
import type { FunctionSummary, Presence } from '../../function/machine.js';
import type { PciAddress } from '../../pci/address.js';
import { Header } from '../../pci/header.js';
import { SysfsUnavailableError } from './errors.js';
import { parseIdentity } from './identity.js';
import { LinuxConfig } from './linux-config.js';
import { addressOf, errnoOf, type Sysfs } from './sysfs.js';

/** Of the header type register; bit 7 says that the device has several functions. */
const HEADER_LAYOUT = 0x7f;
/** Bytes of configuration space that the kernel shows to everybody. */
const NOT_PRIVILEGED = 64;

export class Enumeration {
  readonly #sysfs: Sysfs;

  constructor(sysfs: Sysfs) {
    this.#sysfs = sysfs;
  }

  /** In order of address. @throws {SysfsUnavailableError} */
  list(): readonly FunctionSummary[] {
    const grouped = this.#sysfs.anyHas('iommu_group');
    return this.#addresses().map((address) => this.#summary(address, grouped));
  }

  /** The same without touching a device. @throws {SysfsUnavailableError} */
  present(): readonly Presence[] {
    return this.#addresses().flatMap((address) => {
      const instance = this.#sysfs.instance(address);
      // It went while the others were looked at.
      if (instance === undefined) return [];
      return [{ address, driver: this.#sysfs.readLinkName(address, 'driver'), instance }];
    });
  }

  #addresses(): readonly PciAddress[] {
    let names: string[];
    try {
      names = this.#sysfs.devices();
    } catch (cause) {
      throw new SysfsUnavailableError(this.#sysfs.root, errnoOf(cause), { cause });
    }
    return names.flatMap((name) => addressOf(name) ?? []).sort((a, b) => a.sbdf - b.sbdf);
  }

  /** `grouped` where any function has an IOMMU group. */
  #summary(address: PciAddress, grouped: boolean): FunctionSummary {
    const sysfs = this.#sysfs;
    const unreadable: { what: string; why: string }[] = [];
    let headerType = 0;
    try {
      // Not the file as a whole: each 4 bytes of it are an access to the function, and whoever gives a function to a
      // guest waits for this of all of them.
      using config = new LinuxConfig(sysfs.device(address, 'config'));
      if (config.size > 0) headerType = config.read(Header.type, 1) & HEADER_LAYOUT;
      if (config.size === NOT_PRIVILEGED) {
        unreadable.push({
          what: 'capabilities',
          why: 'the kernel shows 64 bytes of configuration space without CAP_SYS_ADMIN; run as root',
        });
      }
    } catch (cause) {
      unreadable.push({ what: 'configuration space', why: errnoOf(cause) });
    }
    const group = grouped ? sysfs.readLinkName(address, 'iommu_group') : undefined;
    return {
      address,
      ...parseIdentity(sysfs.read(address, 'uevent') ?? ''),
      revision: sysfs.readNumber(address, 'revision') ?? 0,
      headerType,
      // Where everybody else looks for it, too.
      driver: sysfs.readLinkName(address, 'driver'),
      iommuGroup: group === undefined ? undefined : Number(group),
      unreadable,
    };
  }
}
