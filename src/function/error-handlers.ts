/** How a driver hears of an error of its function, and takes part in recovering it. */

/** `normal`: accesses work. `frozen`: nothing passes until the function is reset. `failed`: it is gone for good. */
export type ErrorState = 'normal' | 'frozen' | 'failed';

/**
 * - `can_recover`: the driver can go on without a reset, once it has accessed the function ({@link ErrorHandlers.mmioEnabled}).
 * - `need_reset`: it wants the function reset.
 * - `recovered`: all is well.
 * - `disconnect`: it gives the function up. `none`: it does not know of the function.
 */
export type ErrorAnswer = 'none' | 'can_recover' | 'need_reset' | 'recovered' | 'disconnect';

type Answer = ErrorAnswer | Promise<ErrorAnswer>;

/**
 * The steps of Linux's PCI error recovery (Documentation/PCI/pci-error-recovery), in their order. One that throws has
 * answered `disconnect`.
 */
export interface ErrorHandlers {
  /** There was an error. The function must not be used before another step says that it can be. */
  errorDetected(state: ErrorState): Answer;
  /** The function may be accessed, without DMA: is it well? Absent: `recovered`. */
  mmioEnabled?(): Answer;
  /** The function was reset, and its configuration space is as it was: to be set up again. */
  slotReset(): Answer;
  /** The function may be used as before. */
  resume?(): void | Promise<void>;
}

/** Where a guest's driver says that it takes part in recovering its function: `fn.errors`. */
export interface ErrorRecovery {
  /**
   * Errors of this function are for these handlers, until disposed of or closed. One set of them at a time.
   * @throws {ErrorHandlersTakenError | FunctionClosedError}
   */
  handle(handlers: ErrorHandlers): Disposable;
}
