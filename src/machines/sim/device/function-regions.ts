/** The regions of a simulated function as its bus reaches them: the model's registers, with the MSI-X structures over them. */
import type { DeviceModel } from '../device-model.js';
import type { MsixCapability } from './msix.js';

const LOW_HALF = 0xffff_ffffn;

/** Offsets are inside the region and aligned to the width. */
export class FunctionRegions {
  readonly #model: DeviceModel;
  readonly #msix: MsixCapability | undefined;

  constructor(model: DeviceModel, msix: MsixCapability | undefined) {
    this.#model = model;
    this.#msix = msix;
  }

  /** An unsigned number of that width, whatever the model gives. */
  read(region: number, offset: number, width: 1 | 2 | 4): number {
    const msix = this.#msixAt(region, offset);
    return cut(
      msix === undefined ? this.#model.read(region, offset, width) : msix.read(offset, width),
      width,
    );
  }

  write(region: number, offset: number, width: 1 | 2 | 4, value: number): void {
    const msix = this.#msixAt(region, offset);
    if (msix !== undefined) msix.write(offset, width, cut(value, width));
    else this.#model.write(region, offset, width, cut(value, width));
  }

  read64(region: number, offset: number): bigint {
    if (this.#model.read64 !== undefined && this.#msixAt(region, offset) === undefined) {
      return BigInt.asUintN(64, this.#model.read64(region, offset));
    }
    const low = this.read(region, offset, 4);
    return BigInt(low) | (BigInt(this.read(region, offset + 4, 4)) << 32n);
  }

  write64(region: number, offset: number, value: bigint): void {
    if (this.#model.write64 !== undefined && this.#msixAt(region, offset) === undefined) {
      this.#model.write64(region, offset, BigInt.asUintN(64, value));
      return;
    }
    this.write(region, offset, 4, Number(value & LOW_HALF));
    this.write(region, offset + 4, 4, Number((value >> 32n) & LOW_HALF));
  }

  /** The capability whose table or pending bits stand there; undefined where the model answers. */
  #msixAt(region: number, offset: number): MsixCapability | undefined {
    const msix = this.#msix;
    return msix !== undefined && region === msix.region && msix.covers(offset) ? msix : undefined;
  }
}

function cut(value: number, width: 1 | 2 | 4): number {
  return width === 4 ? value >>> 0 : value & (width === 2 ? 0xffff : 0xff);
}
