/** Platform devices: resources of no bus that can be enumerated, known by description alone. */
import type { RegionInfo, Resources } from './function.js';

/** What is known of a platform device without opening it. */
export interface PlatformDeviceSummary {
  /** `isa:0x<hex>`, the number its first port, or without ports its first memory address: FreeBSD's name of it. */
  readonly name: string;
  /** What the description, or the kernel, calls it: `uart16550`. */
  readonly model: string;
  /** Ranges of ports and memory, {@link RegionInfo.index} counted from 0; their sizes may be of any number of bytes. */
  readonly regions: readonly RegionInfo[];
  /** Interrupt lines, as the host numbers them. */
  readonly interruptLines: readonly number[];
}

/** Resources without configuration space. Its interrupt is the source `intx`: one line, acknowledged as a level. */
export interface PlatformDevice extends Resources, Disposable {
  readonly name: string;
  close(): void;
}

/** The platform devices of a machine, by name: `isa:0x3f8`, its first port or else its first address. */
export interface PlatformDevices {
  /** In order of their names' numbers. */
  list(): readonly PlatformDeviceSummary[];
  /** @throws {PlatformDeviceNotFoundError} */
  open(name: string): PlatformDevice;
}

/** The name of a device by its ranges; undefined for one without any. */
export function platformName(regions: readonly Pick<RegionInfo, 'kind' | 'address'>[]): string | undefined {
  const first = regions.find(({ kind }) => kind === 'io') ?? regions[0];
  return first === undefined ? undefined : `isa:0x${first.address.toString(16)}`;
}
