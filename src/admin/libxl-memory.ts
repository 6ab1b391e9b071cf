/** What libxl remembers of each function in XenStore, so that `xl` and openslot see each other's claims. */
import { notations, type PciAddress } from '../pci/index.js';
import type { XenStore } from '../xen/store/index.js';

const ROOT = '/libxl/pci';

/** `/libxl/pci/DDDD-BB-DD-F/{driver_path,domid,name}`, as libxl reads and writes it. */
export class LibxlMemory {
  readonly #store: XenStore;

  constructor(store: XenStore) {
    this.#store = store;
  }

  #key(address: PciAddress, name: string): string {
    return `${ROOT}/${notations.libxl.format(address)}/${name}`;
  }

  /** The sysfs directory of the driver that had the function before. */
  async formerDriver(address: PciAddress): Promise<string | undefined> {
    const path = await this.#store.read(this.#key(address, 'driver_path'));
    return path === undefined || path === '' ? undefined : path.slice(path.lastIndexOf('/') + 1);
  }

  async rememberDriver(address: PciAddress, driver: string): Promise<void> {
    await this.#store.write(this.#key(address, 'driver_path'), `/sys/bus/pci/drivers/${driver}`);
  }

  /** Domain that libxl has given the function to. */
  async guest(address: PciAddress): Promise<string | undefined> {
    return this.#store.read(this.#key(address, 'domid'));
  }

  async forget(address: PciAddress): Promise<void> {
    const directory = `${ROOT}/${notations.libxl.format(address)}`;
    await this.#store.transaction(async (tx) => {
      await tx.remove(`${directory}/driver_path`);
      // libxl itself leaves the directory behind; an empty one of ours would be a key that nobody needs.
      if ((await tx.list(directory))?.length === 0) await tx.remove(directory);
      if ((await tx.list(ROOT))?.length === 0) await tx.remove(ROOT);
    });
  }
}
