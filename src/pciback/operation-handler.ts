/** Answers the operation in a shared page: copied once, checked, carried out, replied to. */
import { allOnes, type ConfigWidth } from '../function/index.js';
import { XenCallError } from '../xen/errors.js';
import {
  Command,
  emptyOperation,
  OperationError,
  type Operation,
  type SharedPage,
} from '../xen/pciif/index.js';
import { GuestWriteDeniedError, InterruptRefusedError } from './errors.js';
import type { ExportedFunction } from './exported-function.js';
import type { StageClock } from './stage-clock.js';
import type { Topology } from './topology.js';

/** Configuration space as the protocol can name it; a function's own may be smaller. */
const LARGEST_SPACE = 4096;

/** Told of what a guest could not cause: a fault of ours or of the hardware. */
export type OperationFault = (operation: Readonly<Operation>, error: unknown) => void;

/** One for each shared page; {@link service} is called for each event of the guest. */
export class OperationHandler {
  readonly #page: SharedPage;
  readonly #topology: Topology<ExportedFunction>;
  readonly #onFault: OperationFault;
  readonly #clock: StageClock | undefined;
  readonly #operation = emptyOperation();
  /** Whose interrupts the operation in hand has switched on. */
  #enabling: ExportedFunction | undefined;

  constructor(
    page: SharedPage,
    topology: Topology<ExportedFunction>,
    onFault: OperationFault,
    clock?: StageClock,
  ) {
    this.#page = page;
    this.#topology = topology;
    this.#onFault = onFault;
    this.#clock = clock;
  }

  /**
   * Answers the request that waits in the page, if one does. Never throws: whatever the guest wrote is answered.
   * @returns true when a reply was written and the guest is to be woken.
   */
  service(): boolean {
    const page = this.#page;
    if (!page.active) return false;
    const operation = this.#operation;
    const clock = this.#clock;
    if (clock === undefined || !clock.due()) {
      page.copyRequest(operation);
      this.#execute(operation);
      return this.#reply(operation);
    }
    const started = clock.begin();
    page.copyRequest(operation);
    const copied = clock.now();
    this.#execute(operation);
    const executed = clock.now();
    const replied = this.#reply(operation);
    if (operation.command === Command.configRead) clock.count(started, copied, executed, clock.now());
    return replied;
  }

  #reply(operation: Operation): boolean {
    const replied = this.#page.reply(operation);
    const enabling = this.#enabling;
    if (enabling === undefined) return replied;
    this.#enabling = undefined;
    // Also where the guest has put something else in its request's place: it gave up on the answer.
    enabling.interrupts.answered();
    return replied;
  }

  #execute(operation: Operation): void {
    const target = this.#topology.at(operation.domain, operation.bus, operation.devfn);
    if (target === undefined) {
      operation.error = OperationError.deviceNotFound;
      // Old front ends take the value without looking at the error; an absent function has no vendor.
      if (operation.command === Command.configRead) operation.value = 0;
      return;
    }
    try {
      operation.error = this.#dispatch(operation, target);
    } catch (error) {
      this.#refuse(operation, error);
    }
  }

  #dispatch(operation: Operation, target: ExportedFunction): OperationError {
    switch (operation.command) {
      case Command.configRead:
        return this.#configRead(operation, target);
      case Command.configWrite:
        return this.#configWrite(operation, target);
      case Command.enableMsi:
        operation.value = target.interrupts.enableMsi();
        this.#enabling = target;
        return OperationError.success;
      case Command.disableMsi:
      case Command.disableMsix:
        target.interrupts.disable();
        operation.value = target.interrupts.line;
        return OperationError.success;
      case Command.enableMsix:
        operation.vectorCount = target.interrupts.enableMsix(
          operation.value,
          operation.entries,
          operation.pirqs,
        );
        this.#enabling = target;
        operation.value = 0;
        return OperationError.success;
      default:
        return OperationError.notImplemented;
    }
  }

  #configRead(operation: Operation, target: ExportedFunction): OperationError {
    const { offset, size } = operation;
    operation.value = 0;
    if (!isAccess(offset, size)) return OperationError.invalidOffset;
    // Beyond a conventional function's 256 bytes nothing answers, and the bus reads all ones.
    operation.value = offset + size > target.space.size ? allOnes(size) : target.space.read(offset, size);
    return OperationError.success;
  }

  #configWrite(operation: Operation, target: ExportedFunction): OperationError {
    const { offset, size } = operation;
    if (!isAccess(offset, size)) return OperationError.invalidOffset;
    if (offset + size <= target.space.size) target.space.write(offset, size, operation.value);
    return OperationError.success;
  }

  #refuse(operation: Operation, error: unknown): void {
    if (operation.command === Command.configRead) operation.value = 0;
    if (error instanceof GuestWriteDeniedError) {
      operation.error = OperationError.accessDenied;
      return;
    }
    operation.error = OperationError.operationFailed;
    // enable_msix says why in `value`, too, and Linux's front end takes anything but 0 for a failure.
    operation.value = operation.command === Command.enableMsix ? negativeErrno(error) : 0;
    this.#onFault(operation, error);
  }
}

/** Linux's numbers (include/uapi/asm-generic/errno.h): the guest takes them for those of its own kernel. */
const ERRNO_NUMBERS: Readonly<Record<string, number>> = {
  EPERM: 1,
  EIO: 5,
  ENXIO: 6,
  ENOMEM: 12,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EALREADY: 114,
};

/** EIO. */
const UNTOLD = 5;

/** Why an enable_msix failed: a negative errno in 32 bits, unsigned; EIO for what the guest need not know. */
function negativeErrno(error: unknown): number {
  const known = error instanceof InterruptRefusedError || error instanceof XenCallError;
  const number = known ? ERRNO_NUMBERS[error.errno] : undefined;
  return -(number ?? UNTOLD) >>> 0;
}

/** An access that the protocol allows, whatever the function. */
function isAccess(offset: number, size: number): size is ConfigWidth {
  return (
    (size === 1 || size === 2 || size === 4) &&
    offset >= 0 &&
    offset + size <= LARGEST_SPACE &&
    (offset & (size - 1)) === 0
  );
}
