/** The buses of QEMU's machine as firmware finds them: scanned, numbered, and given addresses. */
import {
  ROM_REGION,
  sizeRegions,
  type ConfigSpace,
  type ConfigWidth,
  type RegionInfo,
} from '../../function/index.js';
import {
  barAddress,
  CapabilityId,
  capabilityOffsets,
  CommandBit,
  decodeRom,
  Header,
  PciAddress,
  romOffset,
} from '../../pci/index.js';
import {
  assignAddresses,
  assignBusNumbers,
  type ConfigRegisters,
  type HostWindows,
  type Planned,
  type PlannedBridge,
  type PlannedFunction,
} from '../firmware/index.js';
import { QemuResourcesError } from './errors.js';
import type { Qtest } from './qtest.js';

/** Where firmware of q35 puts the enhanced configuration window: 256 MiB, below the memory window. */
const ECAM = 0xb000_0000;
const ECAM_REGISTER = 0x60;
const ECAM_ENABLE = 1;
/** Both ports of the first way to configuration space (PCI Local Bus 3.0, 3.2.2.3.2). */
const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CONFIG_ENABLE = 0x8000_0000;
/** Bytes of a function that has no PCI Express capability, and of one that has. */
const CONVENTIONAL_BYTES = 256;
const EXPRESS_BYTES = 4096;
/** Base class and subclass. */
const CLASS = 0x0a;
const SECONDARY_BUS = 0x19;
const MULTIFUNCTION = 0x80;
/** Its registers for addresses are the machine's own. */
const HOST_BRIDGE = 0x0600;
const BRIDGE_HEADER = 1;
const NOBODY = 0xffff;

/** q35: memory ends below the window, and legacy devices have the low ports. */
const WINDOWS: HostWindows = {
  memory: { base: 0xc000_0000, limit: 0xfebf_ffff },
  prefetchable: { base: 0x10_0000_0000, limit: 0xff_ffff_ffff },
  io: { base: 0x1000, limit: 0xffff },
};

/** Configuration space of one place, whether something stands there or not; unchecked. */
export class PlaceRegisters implements ConfigSpace, ConfigRegisters {
  readonly size: number;
  readonly #qtest: Qtest;
  readonly #base: number;

  constructor(qtest: Qtest, address: PciAddress, size: number) {
    this.size = size;
    this.#qtest = qtest;
    this.#base = ECAM + (address.sbdf & 0xffff) * EXPRESS_BYTES;
  }

  read(offset: number, width: ConfigWidth): number {
    return this.#qtest.read('memory', this.#base + offset, width);
  }

  write(offset: number, width: ConfigWidth, value: number): void {
    this.#qtest.write('memory', this.#base + offset, width, value);
  }

  configRead(offset: number, width: ConfigWidth): number {
    return this.read(offset, width);
  }

  configWrite(offset: number, width: ConfigWidth, value: number): void {
    this.write(offset, width, value);
  }
}

/** Something that answered. */
export interface Found {
  readonly address: PciAddress;
  readonly registers: PlaceRegisters;
  /** The bridge above it; undefined on the root bus. */
  readonly parent: Found | undefined;
  /** Header layout, bit 7 taken off. */
  readonly headerType: number;
  /** Its regions by their size; an address is that of the moment when they were sized. */
  readonly sized: readonly RegionInfo[];
}

export class Tree {
  readonly #qtest: Qtest;
  readonly #found = new Map<number, Found>();

  /** Does firmware's work. @throws {QemuResourcesError} more than fits. */
  constructor(qtest: Qtest) {
    this.#qtest = qtest;
    // The other way to configuration space is not open yet.
    qtest.write('io', CONFIG_ADDRESS, 4, CONFIG_ENABLE + ECAM_REGISTER + 4);
    qtest.write('io', CONFIG_DATA, 4, 0);
    qtest.write('io', CONFIG_ADDRESS, 4, CONFIG_ENABLE + ECAM_REGISTER);
    qtest.write('io', CONFIG_DATA, 4, ECAM + ECAM_ENABLE);
    const refuse = (path: readonly (string | number)[], why: string) =>
      new QemuResourcesError(path.join(' '), why);
    const root = {
      path: ['bus 0'],
      domain: 0,
      given: 0,
      setNumber: () => undefined,
      children: this.#scan(0, undefined),
    };
    assignBusNumbers([root], refuse);
    assignAddresses([root], WINDOWS, refuse);
    for (const { registers, headerType } of this.#found.values()) {
      const decode = CommandBit.io | CommandBit.memory;
      // Bridges pass everything. Nobody listens to the pins of devices: a level would hide those of others on its line.
      const rest = headerType === BRIDGE_HEADER ? CommandBit.busMaster : CommandBit.intxDisable;
      registers.write(Header.command, 2, decode | rest);
    }
  }

  /** In order of address. */
  all(): readonly Found[] {
    return [...this.#found.values()].sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  #scan(bus: number, parent: Found | undefined): Planned[] {
    const planned: Planned[] = [];
    for (let device = 0; device < 32; device++) {
      for (let fn = 0; fn < 8; fn++) {
        const address = new PciAddress(0, bus, device, fn);
        const probed = new PlaceRegisters(this.#qtest, address, CONVENTIONAL_BYTES);
        if (probed.read(Header.vendor, 2) === NOBODY) {
          if (fn === 0) break;
          continue;
        }
        const express = capabilityOffsets(probed).has(CapabilityId.pcie);
        const registers = express ? new PlaceRegisters(this.#qtest, address, EXPRESS_BYTES) : probed;
        const type = registers.read(Header.type, 1);
        const sized = registers.read(CLASS, 2) === HOST_BRIDGE ? [] : sizeRegions(registers);
        const found = { address, registers, parent, headerType: type & 0x7f, sized };
        this.#found.set(address.sbdf, found);
        planned.push(...this.#plan(found));
        if (fn === 0 && (type & MULTIFUNCTION) === 0) break;
      }
    }
    return planned;
  }

  #plan(found: Found): Planned[] {
    const { address, registers, headerType } = found;
    const path = [String(address)];
    const { sized: regions } = found;
    const own: PlannedFunction = {
      kind: 'function',
      path,
      name: String(address),
      registers,
      regions,
      given: {},
    };
    if (headerType !== BRIDGE_HEADER) return [own];
    // A bridge has registers of its own on the bus above, besides the windows to the one below.
    return [own, new FoundBridge(path, registers, () => this.#scan(registers.read(SECONDARY_BUS, 1), found))];
  }
}

class FoundBridge implements PlannedBridge {
  readonly kind = 'bridge';
  readonly given = {};
  readonly path: PlannedFunction['path'];
  readonly registers: PlaceRegisters;
  readonly #scan: () => Planned[];
  #children: readonly Planned[] | undefined;

  constructor(path: PlannedFunction['path'], registers: PlaceRegisters, scan: () => Planned[]) {
    this.path = path;
    this.registers = registers;
    this.#scan = scan;
  }

  get children(): readonly Planned[] {
    this.#children ??= this.#scan();
    return this.#children;
  }
}

/** Where the regions of a function stand now. */
export function regionsOf({ registers, sized, headerType }: Found): RegionInfo[] {
  return sized.map((region) => {
    const { index, wide } = region;
    if (index === ROM_REGION) {
      const offset = romOffset(headerType) ?? 0;
      return { ...region, address: decodeRom(registers.read(offset, 4), offset)?.address ?? 0n };
    }
    const offset = Header.firstBar + 4 * index;
    const high = wide ? registers.read(offset + 4, 4) : 0;
    return { ...region, address: barAddress(registers.read(offset, 4), high) };
  });
}
