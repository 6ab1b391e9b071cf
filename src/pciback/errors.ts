/** What the back end answers a guest with a refusal for. */
import { OpenslotError, type PciAddress } from '../pci/index.js';

/** The policy denies a write outright, where dropping it silently would mislead the guest's driver. */
export class GuestWriteDeniedError extends OpenslotError {
  readonly code = 'GUEST_WRITE_DENIED';
  constructor(register: string, why: string) {
    super(`a guest may not write ${register}: ${why}`, { register, why });
  }
}

/**
 * Why an interrupt request is refused, as Linux's back end tells it apart: the kind is on already; another kind is on,
 * or the vector table cannot be reached; the request itself makes no sense.
 */
export type InterruptRefusal = 'EALREADY' | 'ENXIO' | 'EINVAL';

/** An interrupt request that the function or its state does not allow. */
export class InterruptRefusedError extends OpenslotError {
  readonly code = 'INTERRUPT_REFUSED';
  readonly errno: InterruptRefusal;
  constructor(address: PciAddress, errno: InterruptRefusal, why: string) {
    super(`interrupts of ${address}: ${why}`, { address: String(address), errno, why });
    this.errno = errno;
  }
}

/** The record of a guest that a former process served does not hold what this program writes. */
export class GuestRecordUnreadableError extends OpenslotError {
  readonly code = 'GUEST_RECORD_UNREADABLE';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `what is known of a guest that has functions cannot be read: ${path}: ${why}`,
      { path, why },
      `look at ${path}; end the guest before you move it away: its functions would be taken back under it`,
      options,
    );
  }
}
