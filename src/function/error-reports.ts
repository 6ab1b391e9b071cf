/** Errors that PCI functions report to their machine, as whoever is responsible for them hears of them. */
import type { PciAddress } from '../pci/address.js';

/**
 * `correctable`: the hardware has dealt with it. `non_fatal`: a transaction is lost, the link works. `fatal`: nothing
 * passes reliably until the function is reset (PCI Express Base 6.0, 6.2.2).
 */
export type ErrorSeverity = 'correctable' | 'non_fatal' | 'fatal';

/** One error message, as the root of the hierarchy took it. */
export interface ErrorReport {
  /** Who reported. */
  readonly address: PciAddress;
  readonly severity: ErrorSeverity;
  /** What its registers say, by the names of the table `aer`; empty where they say nothing, or cannot be read. */
  readonly errors: readonly string[];
}

/**
 * The machine's error reports. Whoever listens answers for the recovery; the machine itself only records.
 *
 * `sim` has it. For `linux` it takes VFIO's error interrupt (VFIO_PCI_ERR_IRQ_INDEX: an eventfd of each function that
 * is open, signalled by vfio-pci's own error_detected): it says that there was an error and not which, so severity and
 * names are read from the function's registers. The kernel then goes on as if the driver could recover, and resets the
 * link itself where the error is fatal. A function that xen-pciback holds is told of to xen-pciback alone.
 */
export interface ErrorReports {
  /** Told of each report, from inside of whatever caused it: a listener that has much to do does it later. */
  onError(listener: (report: ErrorReport) => void): Disposable;
}
