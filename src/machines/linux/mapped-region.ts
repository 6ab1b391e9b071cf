/** A memory BAR mapped from `resourceN`: each access is one bus access of its width. */
import { closeSync, openSync } from 'node:fs';
import { MemoryRegisters, RegionAccessError, type Region, type RegionInfo } from '../../function/index.js';
import { mapFile, PAGE_SIZE, SystemCallError, type Mapping } from '../../os/index.js';
import { errnoOf } from './sysfs.js';

/** For a program that owns its process: a device that vanishes under a mapping ends it with SIGBUS. */
export class MappedRegion extends MemoryRegisters implements Region {
  readonly info: RegionInfo;
  readonly mapped = true;
  readonly #mapping: Mapping;
  readonly #onClose: () => void;

  /** @throws {RegionAccessError | NativeUnavailableError} */
  static open(path: string, info: RegionInfo, onClose: () => void): MappedRegion {
    const name = `region ${info.index} (${path})`;
    return new MappedRegion(name, info, mapResource(name, path, info.size), onClose);
  }

  private constructor(name: string, info: RegionInfo, mapping: Mapping, onClose: () => void) {
    // A BAR smaller than a page stands somewhere inside of it, at its bus address's offset.
    const start = info.size < PAGE_SIZE ? Number(info.address & BigInt(PAGE_SIZE - 1)) : 0;
    super(name, mapping.buffer, start, info.size);
    this.info = info;
    this.#mapping = mapping;
    this.#onClose = onClose;
  }

  override close(): void {
    super.close();
    this.#mapping.close();
    this.#onClose();
  }
}

/** @throws {RegionAccessError} a part of a page cannot be mapped alone. */
export function openResourceMemory(path: string, info: RegionInfo): number {
  const name = `region ${info.index} (${path})`;
  if (info.kind === 'io') throw new RegionAccessError('REGION_REFUSED', name, 'ports cannot be mapped');
  if (info.size % PAGE_SIZE !== 0)
    throw new RegionAccessError('REGION_REFUSED', name, 'it shares its page with other registers');
  return openResource(name, path);
}

function openResource(name: string, path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (cause) {
    throw refused(name, errnoOf(cause), cause);
  }
}

function mapResource(name: string, path: string, size: number): Mapping {
  const fd = openResource(name, path);
  try {
    // BARs smaller than a page share it with others; the kernel maps the page, the registers' bounds keep us inside.
    return mapFile(fd, 0, Math.max(size, PAGE_SIZE), name);
  } catch (cause) {
    if (cause instanceof SystemCallError) throw refused(name, cause.errno, cause);
    throw cause;
  } finally {
    closeSync(fd);
  }
}

function refused(name: string, errno: string, cause: unknown): RegionAccessError {
  if (errno === 'ENOENT')
    return new RegionAccessError('REGION_ABSENT', name, 'there is no such region', '', { cause });
  const next =
    errno === 'EINVAL' || errno === 'EPERM'
      ? 'a bound driver or a locked down kernel keeps the region; claim the function first'
      : errno === 'EACCES'
        ? 'run the command as root'
        : '';
  return new RegionAccessError('REGION_REFUSED', name, errno, next, { cause });
}
