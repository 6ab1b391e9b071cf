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
import { XenCallError } from '../xen/errors.js';
import { MAX_MSIX_VECTORS } from '../xen/pciif/index.js';
import type { MessageRoute, Pirq, XenPlatform } from '../xen/platform.js';
import { InterruptRefusedError, type InterruptRefusal } from './errors.js';
import { INTERRUPTS_OFF, type InterruptsRecord } from './guest-record.js';

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
  readonly #keep: (record: InterruptsRecord) => void;
  /** Always what {@link #keep} was told last. */
  #record = INTERRUPTS_OFF;

  /** `keep` takes each change down before the guest can know of it. */
  constructor(
    fn: PciFunction,
    config: ConfigSpace,
    platform: XenPlatform,
    guest: DomainId,
    keep: (record: InterruptsRecord) => void = () => undefined,
  ) {
    this.#keep = keep;
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
    return this.#record.mode;
  }

  get hasMsix(): boolean {
    return this.#msix !== undefined;
  }

  /**
   * Goes on from what a former process left. What it was about to switch on or off is off then, and the guest asks again
   * or is told so. `known` are the pirqs of the guest's other functions.
   */
  resume(record: InterruptsRecord, known: ReadonlySet<Pirq>): void {
    this.#record = record;
    if (record.step !== 'changing') return;
    const route = this.#route(record.mode, 0);
    if (route !== undefined) {
      try {
        // The number of one that was mapped just before the end was not taken down any more.
        this.#platform.pirqs.unmapForgotten(this.#guest, route, new Set([...known, ...record.pirqs]));
      } catch {
        // It ends with the guest.
      }
    }
    try {
      this.#switchOff();
    } catch {
      // What was undone before the end cannot be undone again.
    }
  }

  /** @throws {InterruptRefusedError | XenCallError} and the function is as before. */
  enableMsi(): Pirq {
    const [answer] = this.#unanswered('msi') ?? [];
    if (answer !== undefined) return answer;
    const capability = this.#idle('msi', this.#msi, 'MSI');
    return this.#switchOn('msi', [], () => {
      const pirq = this.#platform.pirqs.map(this.#guest, { kind: 'msi', function: this.#function.address });
      this.#hold([pirq]);
      const control = this.#config.read(capability + CONTROL, 2);
      this.#config.write(capability + CONTROL, 2, control | MsiControl.enable);
      this.setIntxDisabled(true);
      return pirq;
    });
  }

  /**
   * Maps one pirq for each of `count` entries and switches MSI-X on; all or none.
   * @returns how many pirqs stand in `pirqs`.
   * @throws {InterruptRefusedError | XenCallError} wrong state, count or entry numbers; a pirq that cannot be had.
   */
  enableMsix(count: number, entries: Uint16Array, pirqs: Uint16Array): number {
    if (this.#answerAgain(count, entries, pirqs)) return this.#record.pirqs.length;
    // In the order of Linux's back end: the number, the state, the decoding, and only then the entries.
    if (count > MAX_MSIX_VECTORS) throw this.#refusal('EINVAL', `${count} vectors`);
    const capability = this.#idle('msix', this.#msix, 'MSI-X');
    if (!this.#decodesMemory) throw this.#refusal('ENXIO', 'memory is not decoded');
    if (this.#tableBar === undefined) throw this.#refusal('ENXIO', 'the vector table has no address');
    if (count < 1 || count > this.#tableSize)
      throw this.#refusal('EINVAL', `${count} vectors of a table of ${this.#tableSize}`);
    const asked = Array.from(entries.subarray(0, count));
    if (new Set(asked).size !== count || Math.max(...asked) >= this.#tableSize)
      throw this.#refusal('EINVAL', 'entries outside of the table, or one twice');
    return this.#switchOn('msix', asked, () => {
      // Enabled and masked while Xen fills the table: a vector must not fire half written.
      this.#setMsixControl(capability, MsixControl.enable | MsixControl.maskAll);
      for (const [index, entry] of asked.entries()) {
        const route = this.#route('msix', entry);
        if (route === undefined) throw this.#refusal('ENXIO', 'the vector table has no address');
        const pirq = this.#platform.pirqs.map(this.#guest, route);
        this.#hold([...this.#record.pirqs, pirq]);
        pirqs[index] = pirq;
      }
      this.#setMsixControl(capability, MsixControl.enable);
      this.setIntxDisabled(true);
      return count;
    });
  }

  /** A virtual function's memory is decoded as long as it exists; its own bit reads 0. */
  get #decodesMemory(): boolean {
    return (
      this.#function.virtual !== undefined || (this.#config.read(Header.command, 2) & CommandBit.memory) !== 0
    );
  }

  /** The guest has been told of what it asked for. */
  answered(): void {
    if (this.#record.step === 'unanswered') this.#save({ ...this.#record, step: 'settled' });
  }

  /** Switches off whatever is on. Today's Linux tears MSI-X down with disable_msi: what is on counts, not the name. */
  disable(): void {
    if (this.#record.mode === 'off') return;
    this.#save({ ...this.#record, step: 'changing' });
    this.#switchOff();
  }

  #switchOff(): void {
    const { mode, pirqs } = this.#record;
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
    for (const pirq of [...pirqs].reverse()) {
      attempt(() => {
        this.#unmap(pirq);
      });
    }
    this.#save(INTERRUPTS_OFF);
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '));
  }

  /** Taken down before anything is done, and again when all is: an end in between is found by the next process. */
  #switchOn<Answer>(mode: 'msi' | 'msix', entries: readonly number[], steps: () => Answer): Answer {
    this.#save({ mode, pirqs: [], entries, step: 'changing' });
    try {
      const answer = steps();
      this.#save({ ...this.#record, step: 'unanswered' });
      return answer;
    } catch (cause) {
      try {
        this.#switchOff();
      } catch {
        // What made it fail says more than what the way back met.
      }
      throw cause;
    }
  }

  /** Pirqs so far, of a change whose beginning was taken down: the rest is found by it. */
  #hold(pirqs: readonly Pirq[]): void {
    this.#record = { ...this.#record, pirqs };
  }

  /** What the guest asked for and may not have been told, because a former process ended: told now. */
  #unanswered(mode: 'msi' | 'msix'): readonly Pirq[] | undefined {
    return this.#record.step === 'unanswered' && this.#record.mode === mode ? this.#record.pirqs : undefined;
  }

  /** `count` is 0 where the former process had begun to write its answer over it. */
  #answerAgain(count: number, entries: Uint16Array, pirqs: Uint16Array): boolean {
    const answer = this.#unanswered('msix');
    if (answer === undefined || (count !== 0 && count !== answer.length)) return false;
    const asked = this.#record.entries;
    if (count !== 0 && asked.some((entry, index) => entries[index] !== entry)) return false;
    entries.set(asked);
    pirqs.set(answer);
    return true;
  }

  #save(record: InterruptsRecord): void {
    this.#record = record;
    this.#keep(record);
  }

  #route(mode: InterruptsRecord['mode'], entry: number): MessageRoute | undefined {
    const { address } = this.#function;
    if (mode === 'msi') return { kind: 'msi', function: address };
    if (mode !== 'msix' || this.#tableBar === undefined) return undefined;
    return { kind: 'msix', function: address, entry, tableBar: this.#tableBar };
  }

  /** After a reset of the function: what is on is on again, with the same pirqs. */
  restore(): void {
    const { mode } = this;
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

  /** A domain that is gone has taken its pirqs with it. */
  #unmap(pirq: Pirq): void {
    try {
      this.#platform.pirqs.unmap(this.#guest, pirq);
    } catch (error) {
      if (!(error instanceof XenCallError && error.errno === 'ESRCH')) throw error;
    }
  }

  #refusal(errno: InterruptRefusal, why: string): InterruptRefusedError {
    return new InterruptRefusedError(this.#function.address, errno, why);
  }

  /** The capability, provided that it exists and no message signalled interrupt is on. */
  #idle(wanted: 'msi' | 'msix', capability: number | undefined, name: string): number {
    if (this.mode === wanted) throw this.#refusal('EALREADY', `${name} is on already`);
    if (this.mode !== 'off') throw this.#refusal('ENXIO', `${this.mode} is on`);
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
