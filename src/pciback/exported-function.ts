/** One function in a guest's hands: its lease, the configuration space that the guest sees, its interrupts. */
import {
  saveState,
  setDecoding,
  type ConfigImage,
  type ConfigSpace,
  type SavedState,
} from '../function/index.js';
import { CapabilityId, capabilityOffsets, CommandBit, Header, type PciAddress } from '../pci/index.js';
import type { Lease } from '../pool/index.js';
import type { DomainId } from '../xen/domain.js';
import type { XenPlatform } from '../xen/platform.js';
import { guestConfig } from './guest-config.js';
import { GuestInterrupts } from './guest-interrupts.js';
import type { Policy } from './policy.js';

/** A guest's write that reached no hardware, told once for each offset. */
export type RefusedWrite = (write: {
  readonly offset: number;
  readonly width: number;
  readonly value: number;
  readonly register: string | undefined;
}) => void;

export class ExportedFunction {
  readonly physical: PciAddress;
  readonly lease: Lease;
  readonly config: ConfigImage;
  readonly interrupts: GuestInterrupts;
  /** What the hardware's registers held when the guest got it. */
  readonly atExport: SavedState;

  /** `base` is the lease's configuration space, or a wrapper of it. */
  constructor(
    lease: Lease,
    base: ConfigSpace,
    platform: XenPlatform,
    guest: DomainId,
    policy: Policy,
    onRefused: RefusedWrite,
  ) {
    this.lease = lease;
    this.physical = lease.function.address;
    this.interrupts = new GuestInterrupts(lease.function, base, platform, guest);
    // One line for each offset however often the guest tries (XSA-130).
    const told = new Uint8Array(base.size);
    this.config = guestConfig({
      function: lease.function,
      base,
      policy,
      interruptLine: () => this.interrupts.line,
      onEnabled: () => {
        lease.ledger.add({
          what: 'decoding',
          undo: () => {
            lease.function.setEnabled(false);
          },
        });
      },
      onDropped: (offset, width, value, register) => {
        if (told[offset] !== 0) return;
        told[offset] = 1;
        onRefused({ offset, width, value, register });
      },
    });
    // Undone in reverse: interrupts off, then the table's protection goes.
    if (this.interrupts.hasMsix && platform.assignment.prepareMsix(this.physical)) {
      lease.ledger.add({
        what: 'protection of the MSI-X table',
        undo: () => {
          platform.assignment.releaseMsix(this.physical);
        },
      });
    }
    lease.ledger.add({
      what: 'interrupts',
      undo: () => {
        this.interrupts.disable();
      },
    });
    silencePme(base);
    // Kept disabled while the function was in the pool.
    this.interrupts.setIntxDisabled(false);
    this.atExport = saveState(base);
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
