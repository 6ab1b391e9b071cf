/** One saved function, opened: its registers as they were. */
import {
  checkedConfig,
  ConfigAccessError,
  EnableError,
  FunctionClosedError,
  RegionAccessError,
  ResetError,
  type CapturedFunction,
  type ConfigSpace,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';

export class FunctionView implements PciFunction {
  readonly address: PciAddress;
  readonly config: ConfigSpace;
  readonly regions: readonly RegionInfo[];
  /** Those that worked when it was saved: of what is saved nothing is reset. */
  readonly resetMethods: readonly ResetMethod[];
  readonly interruptLine: number | undefined;
  readonly #why: string;
  #open = true;

  /** `machine` and `taken`: as refusals name what it was saved from. */
  constructor(
    { address, config, regions, resetMethods, interruptLine }: CapturedFunction,
    machine: string,
    taken?: Date,
  ) {
    const when = taken === undefined ? '' : `, as it was at ${taken.toISOString()}`;
    this.#why = `${machine} was saved${when}: it can be looked at, and nothing of it changed`;
    this.address = address;
    this.regions = regions ?? [];
    this.resetMethods = resetMethods ?? [];
    this.interruptLine = interruptLine;
    const view = new DataView(config.buffer, config.byteOffset, config.byteLength);
    this.config = checkedConfig(config.length, () => this.#open, {
      read(offset, width) {
        if (width === 4) return view.getUint32(offset, true);
        return width === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
      },
      write: (offset, width) => {
        throw new ConfigAccessError('CONFIG_REFUSED', { operation: 'write', offset, width }, this.#why);
      },
    });
  }

  openRegion(index: number): Region {
    if (!this.#open) throw new FunctionClosedError(this.address);
    const name = `region ${index} of ${this.address}`;
    if (!this.regions.some((region) => region.index === index))
      throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    throw new RegionAccessError(
      'REGION_REFUSED',
      name,
      'a capture has where a region is, and not its registers',
    );
  }

  setEnabled(enabled: boolean): void {
    throw new EnableError(this.address, enabled, this.#why);
  }

  reset(): Promise<ResetMethod> {
    return Promise.reject(new ResetError('RESET_UNAVAILABLE', this.address, this.#why));
  }

  close(): void {
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
