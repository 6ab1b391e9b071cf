/** Advanced error reporting of a simulated function: an error is recorded in its registers and told to the root. */
import type { ConfigImage, ErrorSeverity } from '../../../function/index.js';
import { CommandBit, CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from '../../../pci/index.js';

/** Device status has a bit for each severity, Device control one that allows its message (7.5.3.4, 7.5.3.5). */
const DEVICE_BIT: Readonly<Record<ErrorSeverity, number>> = { correctable: 1, non_fatal: 2, fatal: 4 };
const FIRST_ERROR = 0x1f;

/** One transaction's header, as the log shows it: 4 dwords, the first byte in the highest bits. */
export type TlpHeader = readonly [number, number, number, number];

function bitOf(list: readonly ErrorBit[], name: string): number {
  const found = list.find((error) => error.name === name);
  if (found === undefined) throw new RangeError(`there is no error ${name}`);
  return found.bit;
}

export class ErrorReporting {
  readonly #image: () => ConfigImage;
  readonly #send: (severity: ErrorSeverity) => void;

  /** `image` gives the registers as they are now; `send` the error message, which takes its way to the root. */
  constructor(image: () => ConfigImage, send: (severity: ErrorSeverity) => void) {
    this.#image = image;
    this.#send = send;
  }

  /**
   * The severity register decides how bad it is. `freeze` is called for one that is fatal and not masked, before
   * anybody hears of it. @throws {RangeError} there is no such error.
   */
  uncorrectable(name: string, header: TlpHeader | undefined, freeze: () => void): void {
    const image = this.#image();
    const bit = bitOf(UNCORRECTABLE_ERRORS, name);
    const severity = isSet(image.held('aer.severity'), bit) ? 'fatal' : 'non_fatal';
    const status = image.held('aer.uncorrectable');
    const masked = isSet(image.held('aer.uncorrectable_mask'), bit);
    // The log is of the first error that was not masked, until software has cleared that one's status.
    const control = image.held('aer.control');
    if (!masked && !isSet(status, control & FIRST_ERROR)) {
      image.hold('aer.control', (control & ~FIRST_ERROR) | bit);
      for (const word of [0, 1, 2, 3] as const) image.hold(`aer.header${word}`, header?.[word] ?? 0);
    }
    image.hold('aer.uncorrectable', status | (1 << bit));
    if (severity === 'fatal' && !masked) freeze();
    this.#tell(severity, masked);
  }

  /** @throws {RangeError} there is no such error. */
  correctable(name: string): void {
    const image = this.#image();
    const bit = bitOf(CORRECTABLE_ERRORS, name);
    image.hold('aer.correctable', image.held('aer.correctable') | (1 << bit));
    this.#tell('correctable', isSet(image.held('aer.correctable_mask'), bit));
  }

  #tell(severity: ErrorSeverity, masked: boolean): void {
    const image = this.#image();
    const bit = DEVICE_BIT[severity];
    image.hold('pcie.devsta', image.held('pcie.devsta') | bit);
    if (masked) return;
    const serr = severity !== 'correctable' && (image.held('header.command') & CommandBit.serr) !== 0;
    if (serr || (image.held('pcie.devctl') & bit) !== 0) this.#send(severity);
  }
}

function isSet(value: number, bit: number): boolean {
  return ((value >>> bit) & 1) !== 0;
}
