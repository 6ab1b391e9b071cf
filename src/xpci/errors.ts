/** Refusals of the front end. */
import { OpenslotError, type PciAddress } from '../pci/index.js';
import { XENBUS_STATE_NAMES, type XenbusState } from '../xen/pciif/index.js';

/** The guest has no PCI pair: no tool stack has given it a function. */
export class NoPciPairError extends OpenslotError {
  readonly code = 'NO_PCI_PAIR';
  constructor(path: string, milliseconds: number) {
    super(
      `${path} did not become a working PCI bus within ${milliseconds} ms: no function was attached to this guest`,
      { path, milliseconds },
      'attach one from the control domain: openslot attach GUEST BB:DD.F',
    );
  }
}

/** Somebody else in this guest is the front end of its one PCI pair. */
export class PairTakenError extends OpenslotError {
  readonly code = 'PCI_PAIR_TAKEN';
  constructor(path: string, state: XenbusState) {
    super(
      `another front end has ${path} (state ${XENBUS_STATE_NAMES[state]})`,
      { path, state },
      "end it (the guest kernel's xen-pcifront, or a program that uses xpci), then detach and attach the function again",
    );
  }
}

/** The pair's keys in XenStore cannot be used. */
export class PairKeysError extends OpenslotError {
  readonly code = 'PCI_PAIR_KEYS_BAD';
  constructor(path: string, value: string | undefined, expected: string, options?: ErrorOptions) {
    const seen = value?.slice(0, 64);
    super(
      `${path} is ${seen === undefined ? 'absent' : JSON.stringify(seen)}; expected ${expected}`,
      { path, value: seen ?? 'absent', expected },
      'xenstore-ls -fp device/pci',
      options,
    );
  }
}

/** The back end owes an answer for longer than the limit; the bus is taken for gone. */
export class BackEndSilentError extends OpenslotError {
  readonly code = 'XPCI_TIMEOUT';
  constructor(doing: string, milliseconds: number) {
    super(
      `the back end did not answer ${doing} within ${milliseconds} ms`,
      { doing, milliseconds },
      'look whether the back end still runs: serve, or xen-pciback in its domain',
    );
  }
}

/** The back end, or the function in it, is no more. */
export class BackEndGoneError extends OpenslotError {
  readonly code = 'BACK_END_GONE';
  constructor(subject: PciAddress | string, why: string) {
    super(
      `${subject}: ${why}`,
      { subject: String(subject), why },
      'give it back: openslot attach GUEST BB:DD.F',
    );
  }
}
