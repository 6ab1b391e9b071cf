/** A function through its device files. */
import { join } from 'node:path';
import {
  FunctionClosedError,
  RegionAccessError,
  ResetError,
  setDecoding,
  type Dma,
  type Interrupts,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../function/index.js';
import { Header, type PciAddress } from '../../pci/index.js';
import { filesOf, functionRegions } from './device-folder.js';
import { DeviceFileError } from './errors.js';
import { FileConfig } from './file-config.js';
import { FileDma } from './file-dma.js';
import { FileInterrupts } from './file-interrupts.js';
import { FileRegion } from './file-region.js';
import type { SharedFiles } from './shared-files.js';

const BAR_BYTES = 4;

export class FileFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: FileConfig;
  readonly regions: readonly RegionInfo[];
  readonly interrupts?: Interrupts;
  readonly dma?: Dma;
  /** The files have no request for it. */
  readonly resetMethods: readonly ResetMethod[] = [];
  /** Nobody tells which line the server's host has. */
  readonly interruptLine = undefined;
  readonly #files: SharedFiles;
  readonly #interrupts: FileInterrupts | undefined;
  readonly #dma: FileDma | undefined;
  readonly #opened = new Set<Region>();
  #open = true;

  /** @throws {DeviceFileError} */
  constructor(address: PciAddress, files: SharedFiles) {
    this.address = address;
    this.#files = files;
    this.config = new FileConfig(files.use('pcicfg'));
    let names: readonly string[];
    try {
      names = filesOf(files.folder);
      this.regions = functionRegions(this.config, files, names);
    } catch (cause) {
      this.config.close();
      throw cause;
    }
    const checkOpen = () => {
      if (!this.#open) throw new FunctionClosedError(address);
    };
    if (names.some((name) => /^(intx|msix?\d+)$/.test(name))) {
      this.#interrupts = new FileInterrupts(files.folder, String(address), names, checkOpen);
      this.interrupts = this.#interrupts;
    }
    if (names.includes('busdma')) {
      this.#dma = new FileDma(files, checkOpen);
      this.dma = this.#dma;
    }
  }

  openRegion(index: number): Region {
    const name = `region ${index} of ${this.address}`;
    if (!this.#open) throw new FunctionClosedError(this.address);
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such file');
    const number = (Header.firstBar + index * BAR_BYTES).toString(16);
    const fileName = `${number}.${info.kind === 'io' ? 'io' : 'mem'}`;
    let region: FileRegion;
    try {
      const file = this.#files.use(fileName);
      region = new FileRegion(info, String(this.address), file, () => this.#opened.delete(region));
    } catch (cause) {
      if (!(cause instanceof DeviceFileError)) throw cause;
      const path = join(this.#files.folder, fileName);
      throw new RegionAccessError('REGION_REFUSED', path, cause.why, cause.next, { cause });
    }
    this.#opened.add(region);
    return region;
  }

  setEnabled(enabled: boolean): void {
    setDecoding(this.config, this.regions, enabled);
  }

  reset(): Promise<ResetMethod> {
    return Promise.reject(
      new ResetError('RESET_UNAVAILABLE', this.address, 'device files have no request for it'),
    );
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const region of [...this.#opened]) region.close();
    this.#interrupts?.close();
    this.#dma?.close();
    this.config.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
