/** A function in QEMU, opened: one view of the device, with all that this view holds. */
import {
  AbsentInterrupts,
  FunctionClosedError,
  RegionAccessError,
  ResetError,
  restoreState,
  ROM_REGION,
  saveState,
  setDecoding,
  ViewInterrupts,
  type Interrupts,
  type InterruptSources,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../function/index.js';
import { CommandBit, Header, romOffset, type PciAddress } from '../../pci/index.js';
import { QemuDma, type MachineMemory } from './memory.js';
import { QemuConfig } from './qemu-config.js';
import type { QemuInterrupts } from './qemu-interrupts.js';
import { QemuRegion } from './qemu-region.js';
import type { Qtest } from './qtest.js';
import { resetFunction, resetMethodsOf } from './resets.js';
import { regionsOf, type Found, type Tree } from './tree.js';

const ROM_ENABLE = 1;

export interface FunctionParts {
  readonly found: Found;
  readonly tree: Tree;
  readonly qtest: Qtest;
  readonly sources: InterruptSources;
  readonly programmed: QemuInterrupts;
  readonly memory: MachineMemory;
  readonly interruptLine: number | undefined;
  readonly onClose: (view: QemuFunction) => void;
}

export class QemuFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: QemuConfig;
  /** As the BARs stood when the function was opened. */
  readonly regions: readonly RegionInfo[];
  readonly resetMethods: readonly ResetMethod[];
  readonly interruptLine: number | undefined;
  readonly interrupts: Interrupts;
  readonly dma: QemuDma;
  readonly #parts: FunctionParts;
  readonly #opened = new Set<Region>();
  readonly #interrupts: ViewInterrupts | undefined;
  #open = true;

  constructor(parts: FunctionParts) {
    const { found, tree, sources, memory, interruptLine } = parts;
    this.#parts = parts;
    this.address = found.address;
    this.config = new QemuConfig(found.registers);
    this.regions = regionsOf(found);
    this.resetMethods = resetMethodsOf(found, tree);
    this.interruptLine = interruptLine;
    const checkOpen = () => {
      this.#checkOpen();
    };
    if (found.headerType === 0)
      this.#interrupts = new ViewInterrupts(() => {
        checkOpen();
        return sources;
      });
    // A bridge's are for errors and hot-plug, which are the machine's own.
    this.interrupts = this.#interrupts ?? new AbsentInterrupts(this.address);
    this.dma = new QemuDma(memory, checkOpen);
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const name = `region ${index} of ${this.address}`;
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    if (info.address === 0n)
      throw new RegionAccessError('REGION_REFUSED', name, 'it has no address', 'nothing has placed it');
    if (index === ROM_REGION) this.#enableRom(true);
    const region: Region = new QemuRegion(name, info, this.#parts.qtest, () => {
      this.#opened.delete(region);
      if (index === ROM_REGION) this.#enableRom(false);
    });
    this.#opened.add(region);
    return region;
  }

  setEnabled(enabled: boolean): void {
    // A bridge decodes for all that stands below it, and goes on doing so.
    if (this.#parts.found.headerType === 0) setDecoding(this.config, this.regions, enabled);
  }

  reset(): Promise<ResetMethod> {
    return Promise.resolve().then(() => {
      this.#checkOpen();
      const [method] = this.resetMethods;
      if (method === undefined)
        throw new ResetError('RESET_UNAVAILABLE', this.address, 'the function has no reset of its own');
      // As an operating system does it: what software has set is put back, with messages that are in use.
      const saved = saveState(this.config);
      this.config.write(Header.command, 2, CommandBit.intxDisable);
      resetFunction(this.#parts.found, method);
      if (this.config.read(Header.vendor, 2) === 0xffff)
        throw new ResetError('RESET_FAILED', this.address, `it reads all ones after ${method}`);
      restoreState(this.config, saved);
      this.#parts.programmed.restore();
      return method;
    });
  }

  /** Nothing comes any more: streams end. */
  endInterrupts(): void {
    this.#interrupts?.close();
  }

  /** Ends every region, stream and buffer of this view. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const region of [...this.#opened]) region.close();
    this.endInterrupts();
    this.dma.close();
    this.config.close();
    this.#parts.onClose(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #enableRom(enabled: boolean): void {
    const { registers, headerType } = this.#parts.found;
    const offset = romOffset(headerType);
    if (offset === undefined) return;
    const rest = registers.read(offset, 4) & ~ROM_ENABLE;
    registers.write(offset, 4, (enabled ? rest | ROM_ENABLE : rest) >>> 0);
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.address);
  }
}
