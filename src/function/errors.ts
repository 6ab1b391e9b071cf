/** Refusals of the port: accesses that are out of range, functions that are absent, resets that fail. */
import type { PciAddress } from '../pci/address.js';
import { OpenslotError } from '../pci/errors.js';
import type { InterruptSource } from './function.js';

/** An access to configuration space that the port cannot carry out. */
export class ConfigAccessError extends OpenslotError {
  readonly code: 'CONFIG_OUT_OF_RANGE' | 'CONFIG_UNALIGNED' | 'CONFIG_REFUSED';
  constructor(
    code: ConfigAccessError['code'],
    access: { readonly operation: 'read' | 'write'; readonly offset: number; readonly width: number },
    why: string,
    next = '',
    options?: ErrorOptions,
  ) {
    const at = `0x${access.offset.toString(16)}`;
    super(
      `configuration ${access.operation} of ${access.width} bytes at ${at}: ${why}`,
      { ...access, why },
      next,
      options,
    );
    this.code = code;
  }
}

/** A region that cannot be opened, or an access that does not fit it. */
export class RegionAccessError extends OpenslotError {
  readonly code:
    'REGION_ABSENT' | 'REGION_REFUSED' | 'REGION_OUT_OF_RANGE' | 'REGION_UNALIGNED' | 'REGION_CLOSED';
  constructor(
    code: RegionAccessError['code'],
    region: string,
    why: string,
    next = '',
    options?: ErrorOptions,
  ) {
    super(`${region}: ${why}`, { region, why }, next, options);
    this.code = code;
  }
}

/** No function answers at this address. */
export class FunctionNotFoundError extends OpenslotError {
  readonly code = 'FUNCTION_NOT_FOUND';
  /** `machine`: as a user writes it, or its own name. */
  constructor(address: PciAddress, machine: string, options?: ErrorOptions) {
    super(
      `no function at ${address} on ${machine}`,
      { address: String(address), machine },
      listingOf(machine),
      options,
    );
  }
}

/** The machine has no platform device of this name. */
export class PlatformDeviceNotFoundError extends OpenslotError {
  readonly code = 'PLATFORM_DEVICE_NOT_FOUND';
  constructor(name: string, machine: string) {
    super(`no platform device ${name} on ${machine}`, { name, machine }, listingOf(machine));
  }
}

/** The command that lists a machine, for a shell. QEMU's own name does not tell which arguments made it. */
function listingOf(machine: string): string {
  if (machine === 'qemu') return 'openslot list, with the same --on';
  const plain = /^[\w./:@%+,-]+$/.test(machine);
  return `openslot list --on ${plain ? machine : `'${machine.replaceAll("'", `'\\''`)}'`}`;
}

/** A function's vital product data is there, and cannot be read. */
export class VpdUnreadableError extends OpenslotError {
  readonly code = 'VPD_UNREADABLE';
  constructor(address: PciAddress, why: string, next = '', options?: ErrorOptions) {
    super(
      `the vital product data of ${address} cannot be read: ${why}`,
      { address: String(address), why },
      next,
      options,
    );
  }
}

/** Something was asked of a function after it was closed. */
export class FunctionClosedError extends OpenslotError {
  readonly code = 'FUNCTION_CLOSED';
  /** A platform device has a name in an address's place. */
  constructor(address: PciAddress | string) {
    super(`${address} was closed`, { address: String(address) });
  }
}

/** Somebody handles the errors of this function already. */
export class ErrorHandlersTakenError extends OpenslotError {
  readonly code = 'ERROR_HANDLERS_TAKEN';
  constructor(address: PciAddress) {
    super(
      `the errors of ${address} are handled already`,
      { address: String(address) },
      'dispose of the handlers that are there first',
    );
  }
}

/** The function has no usable reset, or did not come back from one. */
export class ResetError extends OpenslotError {
  readonly code: 'RESET_UNAVAILABLE' | 'RESET_FAILED';
  readonly why: string;
  constructor(code: ResetError['code'], address: PciAddress | string, why: string, options?: ErrorOptions) {
    super(`${address} was not reset: ${why}`, { address: String(address), why }, '', options);
    this.code = code;
    this.why = why;
  }
}

/** An interrupt source that cannot be opened. */
export class InterruptError extends OpenslotError {
  /** Not there; open already, or kept out by another kind that is on; refused by the machine. */
  readonly code: 'INTERRUPT_ABSENT' | 'INTERRUPT_TAKEN' | 'INTERRUPT_FAILED';
  constructor(
    code: InterruptError['code'],
    address: PciAddress | string,
    source: InterruptSource,
    why: string,
    next = '',
    options?: ErrorOptions,
  ) {
    const name = source.kind === 'intx' ? 'INTx' : `${source.kind.toUpperCase()} vector ${source.vector}`;
    super(`${name} of ${address}: ${why}`, { address: String(address), source: name, why }, next, options);
    this.code = code;
  }
}

/** Memory for a device that cannot be where the device needs it. */
export class DmaError extends OpenslotError {
  /** Nothing can be as the constraints demand; or every such place is taken. */
  readonly code: 'DMA_CONSTRAINTS' | 'DMA_NO_ADDRESS';
  constructor(code: DmaError['code'], bytes: number, why: string) {
    super(`${bytes} bytes for DMA: ${why}`, { bytes, why });
    this.code = code;
  }
}

/** The host refused to switch the function's decoding. */
export class EnableError extends OpenslotError {
  readonly code = 'ENABLE_FAILED';
  constructor(address: PciAddress, enabled: boolean, why: string, options?: ErrorOptions) {
    super(
      `${address} could not be ${enabled ? 'enabled' : 'disabled'}: ${why}`,
      {
        address: String(address),
        enabled,
        why,
      },
      '',
      options,
    );
  }
}

/** A host driver could not be bound, unbound or named. */
export class DriverError extends OpenslotError {
  readonly code:
    'DRIVER_NOT_LOADED' | 'DRIVER_BUSY' | 'DRIVER_REFUSED' | 'DRIVER_PERMISSION' | 'DRIVER_HANGS';
  constructor(
    code: DriverError['code'],
    address: PciAddress,
    driver: string,
    why: string,
    next = '',
    options?: ErrorOptions,
  ) {
    super(`${address}, driver ${driver}: ${why}`, { address: String(address), driver, why }, next, options);
    this.code = code;
  }
}

/** A refusal of openslot, or an errno of what the machine asked. All else is a fault of ours. */
export function isRefusal(cause: unknown): cause is Error {
  return cause instanceof OpenslotError || (cause instanceof Error && 'errno' in cause);
}
