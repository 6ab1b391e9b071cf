/** One function in a guest's hands: its lease, the configuration space that the guest sees, its interrupts. */
import {
  decodeBits,
  saveState,
  setDecoding,
  type ConfigImage,
  type ConfigSpace,
  type SavedState,
} from '../function/index.js';
import { CapabilityId, capabilityOffsets, CommandBit, Header, type PciAddress } from '../pci/index.js';
import type { Lease } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import type { Pirq, XenPlatform } from '../xen/platform.js';
import { guestConfig } from './guest-config.js';
import { GuestInterrupts } from './guest-interrupts.js';
import { INTERRUPTS_OFF, type ExportRecord } from './guest-record.js';
import { rulesOf, type FunctionPolicy } from './policy.js';

/** A guest's write that reached no hardware, told once for each offset. */
export type RefusedWrite = (write: {
  readonly offset: number;
  readonly width: number;
  readonly value: number;
  readonly register: string | undefined;
}) => void;

/** What is known of one export beyond its address, and must outlive this process. */
export type ExportMemory = Omit<ExportRecord, 'address' | 'virtual' | 'policy'>;

const NEW: ExportMemory = {
  stage: 'preparing',
  msixTable: 'unknown',
  decoding: false,
  interrupts: INTERRUPTS_OFF,
  registers: {},
};

/** How an export outlives the process that made it. */
export interface ExportLife {
  /** Takes down what changes, before the guest can know of it. */
  readonly keep: (memory: ExportMemory) => void;
  /** What a former process took down; absent for a new export. */
  readonly former?: ExportMemory;
  /** Pirqs of the guest's other functions. */
  readonly otherPirqs?: ReadonlySet<Pirq>;
}

/** Made at the export, ended when the function comes back. */
export class ExportedFunction {
  readonly physical: PciAddress;
  readonly lease: Lease;
  readonly config: ConfigImage;
  readonly interrupts: GuestInterrupts;
  readonly policy: FunctionPolicy;
  /** What the hardware's registers held when the guest got it. */
  readonly atExport: SavedState;
  readonly #platform: XenPlatform;
  readonly #life: ExportLife;
  #space: ConfigSpace;
  #memory: ExportMemory;

  /** `base` is the lease's configuration space, or a wrapper of it. A life is had where somebody keeps records. */
  constructor(
    lease: Lease,
    base: ConfigSpace,
    platform: XenPlatform,
    guest: DomainId,
    policy: FunctionPolicy,
    onRefused: RefusedWrite,
    life: ExportLife = { keep: () => undefined },
  ) {
    this.lease = lease;
    this.physical = lease.function.address;
    this.policy = policy;
    this.#platform = platform;
    this.#life = life;
    this.#memory = life.former ?? NEW;
    this.interrupts = new GuestInterrupts(lease.function, base, platform, guest, (interrupts) => {
      this.#save({ interrupts });
    });
    // One line for each offset however often the guest tries (XSA-130).
    const told = new Uint8Array(base.size);
    this.config = guestConfig({
      function: lease.function,
      base,
      policy: rulesOf(policy),
      interruptLine: () => this.interrupts.line,
      enable: () => {
        this.#enable();
      },
      onChanged: () => {
        this.#save({ registers: this.config.state });
      },
      onDropped: (offset, width, value, register) => {
        if (told[offset] !== 0) return;
        told[offset] = 1;
        onRefused({ offset, width, value, register });
      },
    });
    this.#space = this.config;
    this.#protectTable();
    // Undone in reverse: decoding and interrupts off, then the table's protection goes.
    lease.ledger.add({
      what: 'interrupts',
      undo: () => {
        this.interrupts.disable();
      },
    });
    if (life.former !== undefined) this.#resume(life.former, base);
    if (this.#memory.stage === 'preparing') {
      silencePme(base);
      // Kept disabled while the function was in the pool.
      this.interrupts.setIntxDisabled(false);
      this.#save({ stage: 'given' });
    }
    this.atExport = saveState(base);
  }

  /** It is a virtual function of its device. */
  get isVirtual(): boolean {
    return this.lease.function.virtual !== undefined;
  }

  /** Where the guest's accesses go: {@link config}, or a wrapper of it. */
  get space(): ConfigSpace {
    return this.#space;
  }

  /** From the guest's next access on. */
  reachThrough(space: ConfigSpace): void {
    this.#space = space;
  }

  /** It is on its way back from now on: no later process puts it into the guest's hands again. */
  leaving(): void {
    this.#save({ stage: 'leaving' });
  }

  #save(change: Partial<ExportMemory>): void {
    this.#memory = { ...this.#memory, ...change };
    this.#life.keep(this.#memory);
  }

  #resume({ interrupts, registers }: ExportMemory, base: ConfigSpace): void {
    this.interrupts.resume(interrupts, this.#life.otherPirqs ?? new Set());
    this.config.resume(registers);
    if (!this.#memory.decoding) return;
    // Taken down ahead: it may not have come to it. The guest, who has had no answer then, asks again.
    const decodes =
      this.isVirtual || (base.read(Header.command, 2) & decodeBits(this.lease.function.regions)) !== 0;
    if (decodes) this.#noteDecoding();
    else this.#save({ decoding: false });
  }

  #protectTable(): void {
    if (this.#memory.msixTable === 'unknown') {
      this.#save({});
      if (!this.interrupts.hasMsix) this.#save({ msixTable: 'none' });
      else {
        const protectedNow = this.#platform.assignment.prepareMsix(this.physical);
        // A former process that asked may have ended before it took the answer down: then the protection is ours.
        this.#save({ msixTable: protectedNow || this.#life.former !== undefined ? 'ours' : 'none' });
      }
    }
    if (this.#memory.msixTable !== 'ours') return;
    this.lease.ledger.add({
      what: 'protection of the MSI-X table',
      undo: () => {
        this.#platform.assignment.releaseMsix(this.physical);
        this.#save({ msixTable: 'none' });
      },
    });
  }

  /** Once: the host counts, and what it counted is undone when the guest gives the function back. */
  #enable(): void {
    if (this.#memory.decoding) return;
    this.#save({ decoding: true });
    try {
      this.lease.function.setEnabled(true);
    } catch (cause) {
      this.#save({ decoding: false });
      throw cause;
    }
    this.#noteDecoding();
  }

  #noteDecoding(): void {
    this.lease.ledger.add({
      what: 'decoding',
      undo: () => {
        this.lease.function.setEnabled(false);
        this.#save({ decoding: false });
      },
    });
  }

  /**
   * After a reset and the return of configuration space: what of the guest's doing is not in those registers, or may not
   * have been read from them.
   */
  restoreGuestState(): void {
    const { function: fn } = this.lease;
    const decoding = CommandBit.io | CommandBit.memory;
    if ((this.config.read(Header.command, 2) & decoding) !== 0) setDecoding(fn.config, fn.regions, true);
    this.interrupts.restore();
    silencePme(fn.config);
  }
}

const PMCSR = 4;
const PME_ENABLE = 0x0100;
/** A written 1 clears it. */
const PME_STATUS = 0x8000;

/** A guest's wake-up events would reach the host's power management; the guest does not see this bit either. */
function silencePme(config: ConfigSpace): void {
  const capability = capabilityOffsets(config).get(CapabilityId.pm);
  if (capability === undefined) return;
  const at = capability + PMCSR;
  const value = config.read(at, 2);
  if ((value & PME_ENABLE) !== 0) config.write(at, 2, value & ~(PME_ENABLE | PME_STATUS));
}
