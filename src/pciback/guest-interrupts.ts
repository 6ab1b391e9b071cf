/** Interrupts of one exported function: off, MSI or MSI-X, as the guest asked through the shared page. */
import { changeCommand, type ConfigSpace, type PciFunction } from '../function/index.js';
import {
  CapabilityId,
  CommandBit,
  capabilityOffsets,
  Header,
  MsiControl,
  MsixControl,
  msixTable,
  msixVectors,
} from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { MAX_MSIX_VECTORS } from '../xen/pciif/index.js';
import type { Pirq, XenPlatform } from '../xen/platform.js';
import { InterruptRefusedError, type InterruptRefusal } from './errors.js';

/** Message control in both capabilities. */
const CONTROL = 2;

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
  /** What the guest reads as its interrupt line: the pirq of INTx, which the tool stack maps one to one to the GSI. */
  readonly line: number;
  readonly #pirqs: Pirq[] = [];
  #mode: 'off' | 'msi' | 'msix' = 'off';

  constructor(fn: PciFunction, config: ConfigSpace, platform: XenPlatform, guest: DomainId) {
    this.#function = fn;
    this.#config = config;
    this.#platform = platform;
    this.#guest = guest;
    // Asked once: the guest may read it as often as it likes.
    this.line = fn.interruptLine ?? 0;
    const capabilities = capabilityOffsets(config);
    this.#msi = capabilities.get(CapabilityId.msi);
    this.#msix = capabilities.get(CapabilityId.msix);
    this.#tableSize = this.#msix === undefined ? 0 : msixVectors(config, this.#msix);
    const bar = this.#msix === undefined ? undefined : msixTable(config, this.#msix).region;
    this.#tableBar = fn.regions.find((region) => region.index === bar && region.kind === 'memory')?.address;
  }

  get mode(): 'off' | 'msi' | 'msix' {
    return this.#mode;
  }

  get hasMsix(): boolean {
    return this.#msix !== undefined;
  }

  /** @throws {InterruptRefusedError | XenCallError} and the function is as before. */
  enableMsi(): Pirq {
    const capability = this.#idle('msi', this.#msi, 'MSI');
    const pirq = this.#platform.pirqs.map(this.#guest, { kind: 'msi', function: this.#function.address });
    this.#pirqs.push(pirq);
    this.#mode = 'msi';
    try {
      const control = this.#config.read(capability + CONTROL, 2);
      this.#config.write(capability + CONTROL, 2, control | MsiControl.enable);
      this.setIntxDisabled(true);
    } catch (cause) {
      this.disable();
      throw cause;
    }
    return pirq;
  }

  /**
   * Maps one pirq for each of `count` entries and switches MSI-X on; all or none.
   * @throws {InterruptRefusedError | XenCallError} wrong state, count or entry numbers; a pirq that cannot be had.
   */
  enableMsix(count: number, entries: Uint16Array, pirqs: Uint16Array): void {
    // In the order of Linux's back end: the number, the state, the decoding, and only then the entries.
    if (count > MAX_MSIX_VECTORS) throw this.#refusal('EINVAL', `${count} vectors`);
    const capability = this.#idle('msix', this.#msix, 'MSI-X');
    if ((this.#config.read(Header.command, 2) & CommandBit.memory) === 0)
      throw this.#refusal('ENXIO', 'memory is not decoded');
    if (this.#tableBar === undefined) throw this.#refusal('ENXIO', 'the vector table has no address');
    if (count < 1 || count > this.#tableSize)
      throw this.#refusal('EINVAL', `${count} vectors of a table of ${this.#tableSize}`);
    const seen = new Set<number>();
    for (let index = 0; index < count; index++) seen.add(entries[index] ?? 0);
    if (seen.size !== count || Math.max(...seen) >= this.#tableSize)
      throw this.#refusal('EINVAL', 'entries outside of the table, or one twice');
    this.#mode = 'msix';
    try {
      // Enabled and masked while Xen fills the table: a vector must not fire half written.
      this.#setMsixControl(capability, MsixControl.enable | MsixControl.maskAll);
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
      this.#setMsixControl(capability, MsixControl.enable);
      this.setIntxDisabled(true);
    } catch (cause) {
      this.disable();
      throw cause;
    }
  }

  /** Switches off whatever is on. Today's Linux tears MSI-X down with disable_msi: what is on counts, not the name. */
  disable(): void {
    const mode = this.#mode;
    this.#mode = 'off';
    const failures: unknown[] = [];
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        failures.push(error);
      }
    };
    // A device that is gone refuses its registers; its pirqs are given back all the same.
    if (mode === 'msi' && this.#msi !== undefined) {
      const at = this.#msi + CONTROL;
      attempt(() => {
        this.#config.write(at, 2, this.#config.read(at, 2) & ~MsiControl.enable);
      });
    }
    const msix = this.#msix;
    if (mode === 'msix' && msix !== undefined) {
      attempt(() => {
        this.#setMsixControl(msix, 0);
      });
    }
    if (mode !== 'off') {
      attempt(() => {
        this.setIntxDisabled(false);
      });
    }
    for (let pirq = this.#pirqs.pop(); pirq !== undefined; pirq = this.#pirqs.pop()) {
      const mapped = pirq;
      attempt(() => {
        this.#platform.pirqs.unmap(this.#guest, mapped);
      });
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '));
  }

  /** After a reset of the function: what is on is on again, with the same pirqs. */
  restore(): void {
    const mode = this.#mode;
    this.setIntxDisabled(mode !== 'off');
    if (mode === 'off') return;
    const capability = mode === 'msi' ? this.#msi : this.#msix;
    if (capability === undefined) return;
    // As at the start: Xen fills in what a vector needs while none can fire.
    if (mode === 'msix') this.#setMsixControl(capability, MsixControl.enable | MsixControl.maskAll);
    this.#platform.pirqs.restore(this.#guest, this.#function.address);
    if (mode === 'msix') this.#setMsixControl(capability, MsixControl.enable);
    else {
      const at = capability + CONTROL;
      this.#config.write(at, 2, this.#config.read(at, 2) | MsiControl.enable);
    }
  }

  #refusal(errno: InterruptRefusal, why: string): InterruptRefusedError {
    return new InterruptRefusedError(this.#function.address, errno, why);
  }

  /** The capability, provided that it exists and no message signalled interrupt is on. */
  #idle(wanted: 'msi' | 'msix', capability: number | undefined, name: string): number {
    if (this.#mode === wanted) throw this.#refusal('EALREADY', `${name} is on already`);
    if (this.#mode !== 'off') throw this.#refusal('ENXIO', `${this.#mode} is on`);
    if (capability === undefined) throw this.#refusal('EINVAL', `the function has no ${name}`);
    return capability;
  }

  #setMsixControl(capability: number, bits: number): void {
    const at = capability + CONTROL;
    const others = this.#config.read(at, 2) & ~(MsixControl.enable | MsixControl.maskAll);
    this.#config.write(at, 2, others | bits);
  }

  /** INTx is the guest's while no message signalled interrupt is on. */
  setIntxDisabled(on: boolean): void {
    changeCommand(this.#config, on ? CommandBit.intxDisable : 0, on ? 0 : CommandBit.intxDisable);
  }
}
