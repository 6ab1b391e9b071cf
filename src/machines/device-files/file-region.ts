/** A BAR as its device file. */
import { CheckedRegion, RegionAccessError, type RegionInfo, type RegionWidth } from '../../function/index.js';
import { RegisterCalls } from './register-access.js';
import type { OpenedFile } from './shared-files.js';

export class FileRegion extends CheckedRegion {
  readonly #calls: RegisterCalls;
  readonly #file: OpenedFile;
  readonly #onClose: () => void;

  constructor(info: RegionInfo, device: string, file: OpenedFile, onClose: () => void) {
    super(info, device);
    this.#file = file;
    this.#onClose = onClose;
    this.#calls = new RegisterCalls(
      file,
      (errno, cause) => new RegionAccessError('REGION_REFUSED', file.path, errno, '', { cause }),
    );
  }

  protected makeRead(offset: number, width: RegionWidth): number | bigint {
    return width === 8 ? this.#calls.read64(offset) : this.#calls.read(offset, width);
  }

  protected makeWrite(offset: number, width: RegionWidth, value: number | bigint): void {
    if (width === 8) this.#calls.write64(offset, BigInt(value));
    else this.#calls.write(offset, width, Number(value));
  }

  protected closed(): void {
    this.#file[Symbol.dispose]();
    this.#onClose();
  }
}
