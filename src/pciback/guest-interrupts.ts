/** Interrupts of one exported function: off, MSI or MSI-X, as the guest asked through the shared page. */
import type { ConfigSpace, PciFunction } from '../function/index.js';
import { walkCapabilities } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { MAX_MSIX_VECTORS } from '../xen/pciif/index.js';
import type { Pirq, XenPlatform } from '../xen/platform.js';

const COMMAND = 0x04;
const COMMAND_MEMORY = 0x0002;
const COMMAND_INTX_DISABLE = 0x0400;
const MSI = 0x05;
const MSIX = 0x11;
const CONTROL = 2;
const MSI_ENABLE = 0x0001;
const MSIX_ENABLE = 0x8000;
const MSIX_MASK_ALL = 0x4000;

/** A request that this state does not allow, or that Xen refused: the guest is answered "operation failed". */
export class InterruptRefused extends Error {}

/**
 * The state machine of MSI and MSI-X (XSA-157: a guest may ask anything at any time). Message addresses and data are
 * Xen's: mapping the pirq makes Xen program them; we only switch the function's enable bits.
 */
export class GuestInterrupts {
  readonly #config: ConfigSpace;
  readonly #function: PciFunction;
  readonly #platform: XenPlatform;
  readonly #guest: DomainId;
  readonly #msi: number | undefined;
  readonly #msix: number | undefined;
  /** Entries of the vector table, read once when the guest had not yet touched anything (XSA-337). */
  readonly #tableSize: number;
  readonly #tableBar: bigint | undefined;
  #pirqs: Pirq[] = [];
  #mode: 'off' | 'msi' | 'msix' = 'off';

  constructor(fn: PciFunction, config: ConfigSpace, platform: XenPlatform, guest: DomainId) {
    this.#function = fn;
    this.#config = config;
    this.#platform = platform;
    this.#guest = guest;
    const capabilities = walkCapabilities(config).entries;
    this.#msi = capabilities.find((entry) => entry.id === MSI)?.offset;
    this.#msix = capabilities.find((entry) => entry.id === MSIX)?.offset;
    this.#tableSize = this.#msix === undefined ? 0 : (config.read(this.#msix + CONTROL, 2) & 0x7ff) + 1;
    const bar = this.#msix === undefined ? undefined : config.read(this.#msix + 4, 4) & 7;
    this.#tableBar = fn.regions.find((region) => region.index === bar && region.kind === 'memory')?.address;
  }

  get mode(): 'off' | 'msi' | 'msix' {
    return this.#mode;
  }

  /** What the guest reads as its interrupt line: the pirq of INTx, which the tool stack maps one to one to the GSI. */
  get line(): number {
    return this.#function.interruptLine ?? 0;
  }

  get hasMsix(): boolean {
    return this.#msix !== undefined;
  }

  /** @throws {InterruptRefused} */
  enableMsi(): Pirq {
    const capability = this.#idle(this.#msi, 'MSI');
    const pirq = this.#platform.pirqs.map(this.#guest, { kind: 'msi', function: this.#function.address });
    this.#pirqs = [pirq];
    this.#mode = 'msi';
    const control = this.#config.read(capability + CONTROL, 2);
    this.#config.write(capability + CONTROL, 2, control | MSI_ENABLE);
    this.#setIntxDisable(true);
    return pirq;
  }

  /**
   * Maps one pirq for each of `count` entries and switches MSI-X on; all or none.
   * @throws {InterruptRefused} wrong state, count or entry numbers.
   */
  enableMsix(count: number, entries: Uint16Array, pirqs: Uint16Array): void {
    const capability = this.#idle(this.#msix, 'MSI-X');
    if (count < 1 || count > MAX_MSIX_VECTORS || count > this.#tableSize) {
      throw new InterruptRefused(`${count} vectors of a table of ${this.#tableSize}`);
    }
    const seen = new Set<number>();
    for (let index = 0; index < count; index++) seen.add(entries[index] ?? 0);
    if (seen.size !== count || Math.max(...seen) >= this.#tableSize) {
      throw new InterruptRefused('entries outside of the table, or one twice');
    }
    if (this.#tableBar === undefined) throw new InterruptRefused('the vector table has no address');
    if ((this.#config.read(COMMAND, 2) & COMMAND_MEMORY) === 0)
      throw new InterruptRefused('memory is not decoded');
    // Enabled and masked while Xen fills the table: a vector must not fire half written.
    this.#setMsixControl(capability, MSIX_ENABLE | MSIX_MASK_ALL);
    this.#mode = 'msix';
    try {
      for (let index = 0; index < count; index++) {
        const pirq = this.#platform.pirqs.map(this.#guest, {
          kind: 'msix',
          function: this.#function.address,
          entry: entries[index] ?? 0,
          tableBar: this.#tableBar,
        });
        this.#pirqs.push(pirq);
        pirqs[index] = pirq;
      }
    } catch (cause) {
      this.disable();
      throw cause;
    }
    this.#setMsixControl(capability, MSIX_ENABLE);
    this.#setIntxDisable(true);
  }

  /** Switches off whatever is on. Today's Linux tears MSI-X down with disable_msi: what is on counts, not the name. */
  disable(): void {
    const mode = this.#mode;
    this.#mode = 'off';
    if (mode === 'msi' && this.#msi !== undefined) {
      const at = this.#msi + CONTROL;
      this.#config.write(at, 2, this.#config.read(at, 2) & ~MSI_ENABLE);
    }
    if (mode === 'msix' && this.#msix !== undefined) this.#setMsixControl(this.#msix, 0);
    if (mode !== 'off') this.#setIntxDisable(false);
    const failures: unknown[] = [];
    for (let pirq = this.#pirqs.pop(); pirq !== undefined; pirq = this.#pirqs.pop()) {
      try {
        this.#platform.pirqs.unmap(this.#guest, pirq);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} pirqs could not be unmapped`);
  }

  /** The capability, provided that it exists and no message signalled interrupt is on. */
  #idle(capability: number | undefined, name: string): number {
    if (capability === undefined) throw new InterruptRefused(`the function has no ${name}`);
    if (this.#mode !== 'off') throw new InterruptRefused(`${this.#mode} is on already`);
    return capability;
  }

  #setMsixControl(capability: number, bits: number): void {
    const at = capability + CONTROL;
    const others = this.#config.read(at, 2) & ~(MSIX_ENABLE | MSIX_MASK_ALL);
    this.#config.write(at, 2, others | bits);
  }

  #setIntxDisable(on: boolean): void {
    const command = this.#config.read(COMMAND, 2);
    this.#config.write(COMMAND, 2, on ? command | COMMAND_INTX_DISABLE : command & ~COMMAND_INTX_DISABLE);
  }
}
