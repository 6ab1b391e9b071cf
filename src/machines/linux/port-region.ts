/** An I/O BAR through `resourceN`: the kernel turns a pread or pwrite of 1, 2 or 4 bytes into one port access. */
import { closeSync, openSync } from 'node:fs';
import { RegionAccessError, type Region, type RegionInfo } from '../../function/index.js';
import { FileRegisters } from './file-registers.js';
import { errnoOf } from './sysfs.js';

export class PortRegion extends FileRegisters implements Region {
  readonly info: RegionInfo;
  readonly #onClose: () => void;
  #fd: number | undefined;

  /** @throws {RegionAccessError} */
  static open(path: string, info: RegionInfo, onClose: () => void): PortRegion {
    const name = `region ${info.index} (${path})`;
    try {
      return new PortRegion(name, openSync(path, 'r+'), info, onClose);
    } catch (cause) {
      throw new RegionAccessError('REGION_REFUSED', name, errnoOf(cause), 'run the command as root', {
        cause,
      });
    }
  }

  private constructor(name: string, fd: number, info: RegionInfo, onClose: () => void) {
    super(name, { fd, base: 0, size: info.size, kind: 'io' });
    this.info = info;
    this.#onClose = onClose;
    this.#fd = fd;
  }

  override close(): void {
    super.close();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
