/** One function of this host that is bound to uio_pci_generic: sysfs for its registers, UIO for its pin, no DMA. */
import {
  FunctionClosedError,
  PROGRAM_HOLDERS,
  ViewInterrupts,
  type Region,
} from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { LinuxFunction } from '../linux-function.js';
import type { Shared } from '../shared.js';
import type { Sysfs } from '../sysfs.js';
import { UioDevice } from './uio-device.js';

/** The kernel's driver that gives functions to programs without an IOMMU. */
export const UIO_DRIVER = PROGRAM_HOLDERS.uio;

/** Looking is not driving: the device's file is opened by the first change, for whoever has it open has its end. */
export class UioFunction extends LinuxFunction {
  readonly interrupts: ViewInterrupts;
  readonly #sysfs: Sysfs;
  readonly #devices: Shared<UioDevice>;
  #device: UioDevice | undefined;
  #open = true;

  constructor(address: PciAddress, sysfs: Sysfs, devices: Shared<UioDevice>) {
    super(address, sysfs, () => this.#drive());
    this.#sysfs = sysfs;
    this.#devices = devices;
    this.interrupts = new ViewInterrupts(() => this.#drive().interrupts);
  }

  override openRegion(index: number): Region {
    this.#drive();
    return super.openRegion(index);
  }

  #drive(): UioDevice {
    if (!this.#open) throw new FunctionClosedError(this.address);
    const { address } = this;
    return (this.#device ??= this.#devices.use(address.sbdf, () => new UioDevice(address, this.#sysfs)));
  }

  override close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.interrupts.close();
    super.close();
    if (this.#device !== undefined) this.#devices.leave(this.address.sbdf);
  }
}
