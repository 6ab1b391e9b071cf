/** The folder of one device as its files say it: regions, interrupts, DMA. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROM_REGION, type RegionInfo } from '../../function/index.js';
import { ioctl } from '../../os/index.js';
import { decodeBars, Header } from '../../pci/index.js';
import { PROTO_IOC_REGION, RegionArgument } from '../../proto/abi/index.js';
import { DeviceFileError } from './errors.js';
import type { FileConfig } from './file-config.js';
import type { SharedFiles } from './shared-files.js';

const REGION_FILE = /^([0-9a-f]{2})\.(io|mem)$/;
const BAR_BYTES = 4;

/** A file of a region; the number is a BAR's offset, or of a platform device's resource. */
export interface RegionFile {
  readonly name: string;
  readonly number: number;
  readonly kind: RegionInfo['kind'];
}

export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder);
}

export function regionFiles(files: readonly string[]): RegionFile[] {
  return files.flatMap((name) => {
    const [, number, kind] = REGION_FILE.exec(name) ?? [];
    if (number === undefined) return [];
    return [{ name, number: Number.parseInt(number, 16), kind: kind === 'io' ? 'io' : 'memory' }];
  });
}

/** Where a region is on its bus, and its size; undefined where the file cannot be asked, as another program has it. */
export function placeOf(
  files: SharedFiles,
  name: string,
): { readonly address: bigint; readonly size: number } | undefined {
  try {
    using file = files.use(name);
    const argument = new DataView(new ArrayBuffer(RegionArgument.bytes));
    ioctl(file.fd, PROTO_IOC_REGION, new Uint8Array(argument.buffer), file.path);
    return {
      address: argument.getBigUint64(RegionArgument.address, true),
      size: Number(argument.getBigUint64(RegionArgument.size, true)),
    };
  } catch (cause) {
    if (cause instanceof DeviceFileError) return undefined;
    throw cause;
  }
}

/**
 * Regions by the files that are there: address and kind from the BARs, the size from the file itself where it tells it,
 * else by PROTO_IOC_REGION. One of neither is left out.
 */
export function functionRegions(
  config: FileConfig,
  files: SharedFiles,
  names: readonly string[],
): RegionInfo[] {
  const dwords = Array.from({ length: ROM_REGION }, (_, index) =>
    config.read(Header.firstBar + index * BAR_BYTES, 4),
  );
  const { slots } = decodeBars(dwords);
  return regionFiles(names).flatMap(({ name, number, kind }) => {
    const index = (number - Header.firstBar) / BAR_BYTES;
    const slot = slots[index];
    const size = statSync(join(files.folder, name)).size || placeOf(files, name)?.size;
    if (size === undefined || slot === undefined || !('address' in slot)) return [];
    const wide = slot.kind === 'memory' && slot.width === 64;
    const prefetchable = slot.kind === 'memory' && slot.prefetchable;
    return [{ index, kind, size, address: slot.address, prefetchable, wide }];
  });
}
