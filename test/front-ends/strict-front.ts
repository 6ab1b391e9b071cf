/** The strict front end in a guest of a served host, as the back end's tests hold any front end. */
import { PciAddress } from '../../src/pci/index.js';
import type { GuestPlatform, XenPlatform } from '../../src/xen/platform.js';
import { BackEndSeen } from '../pciback/front-end.js';
import type { Reply } from '../pciback/shared-page-guest.js';
import { StrictFrontEnd } from './strict-front-end.js';

export class StrictFront extends BackEndSeen {
  readonly #platform: GuestPlatform;
  #xpci: StrictFrontEnd | undefined;

  constructor(host: XenPlatform, guest: GuestPlatform) {
    super(host, guest.domain);
    this.#platform = guest;
  }

  get xpci(): StrictFrontEnd {
    if (this.#xpci === undefined) throw new Error('the guest has not booted');
    return this.#xpci;
  }

  /** The guest's kernel starts; settles when it looks for devices. */
  async boot(): Promise<StrictFrontEnd> {
    return (this.#xpci ??= await StrictFrontEnd.boot(this.#platform));
  }

  /** The guest boots, and finds what it has. */
  async connect(): Promise<void> {
    const xpci = await this.boot();
    await Promise.race([xpci.configured, xpci.panicked]);
  }

  /** Any size that is asked for is read as 4 bytes: there is no other. */
  read(devfn: number, offset: number): Reply {
    const value = this.xpci.confRead(PciAddress.fromDevfn(0, 0, devfn), offset);
    return { error: this.xpci.error, value, vectors: [] };
  }
}
