/** The root of the simulated machine as error messages reach it: it asks who sent one what happened, and tells. */
import type { ErrorReport, ErrorReports, ErrorSeverity } from '../../../function/index.js';
import {
  CORRECTABLE_ERRORS,
  ExtendedCapabilityId,
  extendedCapabilityOffset,
  UNCORRECTABLE_ERRORS,
  type ConfigReader,
  type PciAddress,
} from '../../../pci/index.js';
import type { RootComplex } from '../bus/root-complex.js';
import { Listeners } from '../listeners.js';

const STATUS = 0x04;
const MASK = 0x08;
const SEVERITY = 0x0c;
const CORRECTABLE_STATUS = 0x10;
const CORRECTABLE_MASK = 0x14;

export class RootErrors implements ErrorReports {
  readonly #root: RootComplex;
  readonly #listeners = new Listeners<ErrorReport>();

  constructor(root: RootComplex) {
    this.#root = root;
  }

  onError(listener: (report: ErrorReport) => void): Disposable {
    return this.#listeners.add(listener);
  }

  /** A message of this requester has arrived. */
  deliver(address: PciAddress, severity: ErrorSeverity): void {
    if (!this.#listeners.any) return;
    this.#listeners.tell({ address, severity, errors: this.#errorsOf(address, severity) });
  }

  /** As an operating system reads them: what stands in status, is not masked, and is of this severity. */
  #errorsOf(address: PciAddress, severity: ErrorSeverity): readonly string[] {
    const fn = this.#root.find(address);
    if (fn === undefined) return [];
    const reader: ConfigReader = {
      size: fn.configSize,
      read: (offset, width) => fn.configRead(offset, width),
    };
    const at = extendedCapabilityOffset(reader, ExtendedCapabilityId.aer);
    if (at === undefined) return [];
    const word = (offset: number) => reader.read(at + offset, 4);
    const correctable = severity === 'correctable';
    const fatal = correctable ? 0 : word(SEVERITY);
    const status = correctable
      ? word(CORRECTABLE_STATUS) & ~word(CORRECTABLE_MASK)
      : word(STATUS) & ~word(MASK) & (severity === 'fatal' ? fatal : ~fatal);
    const list = correctable ? CORRECTABLE_ERRORS : UNCORRECTABLE_ERRORS;
    return list.filter(({ bit }) => ((status >>> bit) & 1) !== 0).map(({ name }) => name);
  }
}
