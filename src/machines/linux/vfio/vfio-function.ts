/** One function of this host that is bound to vfio-pci, behind the port. */
import { readFileSync } from 'node:fs';
import {
  FunctionClosedError,
  isAnswered,
  RegionAccessError,
  ResetError,
  ROM_REGION,
  setDecoding,
  ViewInterrupts,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
  type VirtualIds,
} from '../../../function/index.js';
import { SystemCallError } from '../../../os/index.js';
import { PciAddress } from '../../../pci/index.js';
import { LinuxConfig } from '../linux-config.js';
import { parseResourceFile } from '../resource-file.js';
import { resetMethodsOf, type Sysfs } from '../sysfs.js';
import { virtualIdsOf } from '../virtual-ids.js';
import type { DrivenFunction } from './driven-function.js';
import type { Dependent } from './requests.js';
import { VfioConfig } from './vfio-config.js';
import { VfioDma } from './vfio-dma.js';
import { VFIO_DRIVER, type Share, type VfioHost } from './vfio-host.js';
import { VfioRegion } from './vfio-region.js';

export class VfioFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: VfioConfig;
  readonly regions: readonly RegionInfo[];
  readonly interrupts: ViewInterrupts;
  readonly dma: VfioDma;
  readonly virtual?: VirtualIds;
  readonly #sysfs: Sysfs;
  readonly #host: VfioHost;
  readonly #mapped: boolean;
  readonly #opened = new Set<Region>();
  #share: Share | undefined;
  #open = true;

  /** @throws errno errors when sysfs does not show the function's files. */
  constructor(address: PciAddress, sysfs: Sysfs, host: VfioHost, mapped: boolean) {
    this.address = address;
    this.#sysfs = sysfs;
    this.#host = host;
    this.#mapped = mapped;
    this.regions = parseResourceFile(readFileSync(sysfs.device(address, 'resource'), 'latin1'));
    const virtual = virtualIdsOf(sysfs, address);
    if (virtual !== undefined) this.virtual = virtual;
    this.config = new VfioConfig(
      new LinuxConfig(sysfs.device(address, 'config')),
      () => this.#share?.driven,
      () => this.#drive(),
    );
    this.interrupts = new ViewInterrupts(() => this.#drive().interrupts);
    this.dma = new VfioDma(`openslot ${address}`, () => this.#drive().iovas());
  }

  /** The pin is the kernel's while VFIO has the function. */
  get interruptLine(): number | undefined {
    return this.#sysfs.interruptLine(this.address);
  }

  /** Where the kernel has none, that of the bus if programs may drive everything on it, and all of it together. */
  get resetMethods(): readonly ResetMethod[] {
    const own = resetMethodsOf(this.#sysfs, this.address);
    return own.length === 0 && this.#hasBus() ? ['bus'] : own;
  }

  #hasBus(): boolean {
    const group = this.#sysfs.readLinkName(this.address, 'iommu_group');
    const members = this.#sysfs.busMembers(this.address);
    return (
      members?.every(
        (other) =>
          this.#sysfs.readLinkName(other, 'iommu_group') === group &&
          this.#sysfs.readLinkName(other, 'driver') === VFIO_DRIVER,
      ) ?? false
    );
  }

  openRegion(index: number): Region {
    const name = `region ${index} of ${this.address}`;
    const info = this.regions.find((region) => region.index === index);
    if (info === undefined) throw new RegionAccessError('REGION_ABSENT', name, 'there is no such region');
    const driven = this.#drive();
    const description = driven.region(index);
    if (description === undefined)
      throw new RegionAccessError('REGION_REFUSED', name, 'VFIO does not give it');
    try {
      // The kernel shows the ROM through reads alone.
      const mapped = this.#mapped && index !== ROM_REGION;
      const region = new VfioRegion(name, info, driven, description, mapped);
      this.#opened.add(region);
      return region;
    } catch (cause) {
      if (!(cause instanceof SystemCallError)) throw cause;
      throw new RegionAccessError('REGION_REFUSED', name, cause.message, '', { cause });
    }
  }

  setEnabled(enabled: boolean): void {
    this.#drive();
    setDecoding(this.config, this.regions, enabled);
  }

  /**
   * By the function's own reset where the kernel has one; else by that of its bus, where this process drives all that
   * it reaches.
   */
  reset(): Promise<ResetMethod> {
    return Promise.resolve().then(() => {
      const driven = this.#drive();
      const [own] = resetMethodsOf(this.#sysfs, this.address);
      const method = own ?? 'bus';
      try {
        if (own !== undefined && driven.device.canReset) driven.device.reset();
        else driven.device.hotReset(this.#bus(driven));
      } catch (cause) {
        if (!(cause instanceof SystemCallError)) throw cause;
        throw new ResetError('RESET_FAILED', this.address, `${method} failed with ${cause.errno}`, { cause });
      }
      driven.followCommand();
      if (!isAnswered(this.config))
        throw new ResetError('RESET_FAILED', this.address, `it reads all ones after ${method}`);
      return method;
    });
  }

  /** @throws {ResetError} the bus cannot be reset, or others have functions on it. */
  #bus(driven: DrivenFunction): readonly number[] {
    const reached = driven.device.hotResetReach();
    const groups = this.#host.groupsFor(reached);
    if (groups !== undefined) return groups;
    const why =
      reached.length === 0
        ? 'the kernel knows no reset method for it'
        : `a reset of its bus reaches ${reached.map(nameOf).join(', ')}, and this process does not drive all of them`;
    throw new ResetError('RESET_UNAVAILABLE', this.address, why);
  }

  /** Takes the function for this program, at the first change. */
  #drive(): DrivenFunction {
    if (!this.#open) throw new FunctionClosedError(this.address);
    this.#share ??= this.#host.share(this.address);
    return this.#share.driven;
  }

  /** Ends every region of this view; the last view of a function gives it back to the kernel. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const region of this.#opened) region.close();
    this.#opened.clear();
    this.interrupts.close();
    try {
      if (this.#share?.isLast === true) this.#share.driven.endDma();
    } finally {
      this.dma.close();
      this.config.close();
      this.#share?.release();
      this.#share = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function nameOf({ segment, bus, devfn }: Dependent): string {
  return String(PciAddress.fromDevfn(segment, bus, devfn));
}
