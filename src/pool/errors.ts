/** Refusals of the pool. */
import { OpenslotError, type PciAddress } from '../pci/index.js';

/** The function is not the pool's to give. */
export class NotClaimedError extends OpenslotError {
  readonly code = 'FUNCTION_NOT_CLAIMED';
  constructor(address: PciAddress, driver: string | undefined) {
    super(
      `${address} is not in the pool: ${driver === undefined ? 'it has no driver, and nobody claimed it' : `the host's driver ${driver} has it`}`,
      { address: String(address), driver: driver ?? 'none' },
      `take it into the pool: openslot claim ${address}`,
    );
  }
}

/** The function is in the pool already. */
export class AlreadyClaimedError extends OpenslotError {
  readonly code = 'FUNCTION_ALREADY_CLAIMED';
  constructor(address: PciAddress, holder: string) {
    super(
      `${address} is in the pool already (held by ${holder})`,
      { address: String(address), holder },
      `give it back to the host: openslot release ${address}`,
    );
  }
}

/** A claim or a release of the function is under way. */
export class FunctionChangingError extends OpenslotError {
  readonly code = 'FUNCTION_CHANGING';
  constructor(address: PciAddress) {
    super(
      `${address} is being claimed or released at this moment`,
      { address: String(address) },
      'try again',
    );
  }
}

/** Somebody else drives the function now. */
export class FunctionTakenError extends OpenslotError {
  readonly code = 'FUNCTION_TAKEN';
  constructor(address: PciAddress, taker: string) {
    super(
      `${address} is given to ${taker}`,
      { address: String(address), taker },
      `openslot detach ${taker.replace('guest ', '')} ${address}; or end the guest`,
    );
  }
}

/** A former process is said to have given the function away, and the record of claims does not know of it. */
export class NotTakenError extends OpenslotError {
  readonly code = 'FUNCTION_NOT_TAKEN';
  constructor(address: PciAddress, taker: string) {
    super(
      `${address} is free: nobody gave it to ${taker}`,
      { address: String(address), taker },
      `the record of claimed functions may have been lost; end the guest and start it again; look: openslot list`,
    );
  }
}

/** The function came back broken and is kept from everybody. */
export class QuarantinedError extends OpenslotError {
  readonly code = 'FUNCTION_QUARANTINED';
  constructor(address: PciAddress, why: string) {
    super(
      `${address} is in quarantine: ${why}`,
      { address: String(address), why },
      `try it again: openslot release ${address}; openslot claim ${address}`,
    );
  }
}

/** Only ordinary functions can be handed over. */
export class NotAssignableError extends OpenslotError {
  readonly code = 'FUNCTION_NOT_ASSIGNABLE';
  constructor(address: PciAddress, why: string) {
    super(`${address} cannot be handed over: ${why}`, { address: String(address), why }, 'openslot list');
  }
}
